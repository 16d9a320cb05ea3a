create table deal_notes (
  tenant_id text not null default nullif(current_setting('app.tenant_id', true), ''),
  id text not null default gen_random_uuid()::text,
  deal_id text not null,
  note text not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, deal_id) references deals (tenant_id, id)
);

create index deal_notes_by_deal on deal_notes (tenant_id, deal_id);
