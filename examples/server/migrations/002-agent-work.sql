create table agent_runs (
  tenant_id text not null default nullif(current_setting('app.tenant_id', true), ''),
  id text not null default gen_random_uuid()::text,
  deal_id text not null,
  agent text not null,
  status text not null default 'queued' check (status in ('queued', 'running', 'succeeded', 'failed')),
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, deal_id) references deals (tenant_id, id)
);

create index agent_runs_by_deal on agent_runs (tenant_id, deal_id);

create table approvals (
  tenant_id text not null default nullif(current_setting('app.tenant_id', true), ''),
  id text not null default gen_random_uuid()::text,
  deal_id text not null,
  decision text not null check (decision in ('approved', 'rejected')),
  comment text not null default '',
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, deal_id) references deals (tenant_id, id)
);

create index approvals_by_deal on approvals (tenant_id, deal_id);
