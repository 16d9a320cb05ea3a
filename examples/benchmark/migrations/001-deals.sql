-- Nothing is written after the seeding, so autovacuum could only disturb the figures.
create table deals (
  tenant_id text not null,
  id integer not null,
  title text not null,
  amount integer not null default 0,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id)
) with (autovacuum_enabled = off);
