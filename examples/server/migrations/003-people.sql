create table audit_logs (
  tenant_id text not null default nullif(current_setting('app.tenant_id', true), ''),
  id text not null default gen_random_uuid()::text,
  deal_id text,
  action text not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, deal_id) references deals (tenant_id, id)
);

create index audit_logs_by_deal on audit_logs (tenant_id, deal_id);

create table user_sessions (
  tenant_id text not null default nullif(current_setting('app.tenant_id', true), ''),
  id text not null default gen_random_uuid()::text,
  user_name text not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id)
);
