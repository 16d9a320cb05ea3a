-- Unqualified names, tenant_id in every key: the same files work under schema+rls, schema and rls.
create table deals (
  tenant_id text not null default nullif(current_setting('app.tenant_id', true), ''),
  id text not null default gen_random_uuid()::text,
  title text not null,
  stage text not null default 'inbound' check (stage in ('inbound', 'screening', 'approved', 'rejected')),
  amount integer not null default 0 check (amount >= 0),
  created_at timestamptz not null default now(),
  primary key (tenant_id, id)
);

create index deals_by_age on deals (tenant_id, created_at desc);
