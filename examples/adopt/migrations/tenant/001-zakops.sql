-- The same tables for a tenant: no schema in front of a name, but for what every tenant reads.
create table deals (
  deal_id varchar(20) primary key,
  type varchar(20) not null default 'acquisition' references shared.deal_types (code),
  title text not null,
  owner_email varchar(255),
  stage varchar(50) not null default 'inbound' constraint deals_stage_check check (stage in ('inbound', 'screening', 'approved', 'rejected')),
  updated_at timestamptz not null default now()
);
create index idx_deals_cursor_pagination on deals (updated_at desc, deal_id desc);

create table agent_runs (
  id uuid primary key default gen_random_uuid(),
  deal_id varchar(20) not null references deals (deal_id) on delete cascade,
  number bigserial not null,
  idempotency_key varchar(255) unique not null,
  status varchar(50) not null default 'queued'
);

create table approvals (
  action_id varchar(50) primary key,
  deal_id varchar(20) references deals (deal_id) on delete set null,
  run_id uuid constraint approvals_run references agent_runs (id) on delete set null deferrable initially deferred,
  decision varchar(50) not null
);

create sequence deal_events_sequence_seq start 1;
create table audit_logs (
  id uuid primary key default gen_random_uuid(),
  deal_id varchar(20) references deals (deal_id),
  sequence_number bigint not null default nextval('deal_events_sequence_seq'),
  event jsonb not null default '{}'
);
create index idx_audit_logs_sequence on audit_logs (sequence_number);

create table user_sessions (
  id integer generated always as identity primary key,
  email varchar(255) not null,
  role varchar(50) default 'operator',
  created_at timestamptz not null default now()
);
create unique index user_sessions_email on user_sessions (lower(email));
