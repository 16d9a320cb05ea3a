-- ZakOps as it is: one schema that every statement names, keys that are unique for everybody, short ids, one sequence of events.
create schema zakops;

create table zakops.schema_migrations (version varchar(50) primary key, description text, applied_at timestamptz not null default now());
insert into zakops.schema_migrations (version, description) values ('001', 'Foundation tables');

create table zakops.deal_types (code varchar(20) primary key, label text not null);
insert into zakops.deal_types values ('acquisition', 'Acquisition'), ('merger', 'Merger');

create table zakops.deals (
  deal_id varchar(20) primary key,
  type varchar(20) not null default 'acquisition' references zakops.deal_types (code),
  title text not null,
  owner_email varchar(255),
  stage varchar(50) not null default 'inbound' constraint deals_stage_check check (stage in ('inbound', 'screening', 'approved', 'rejected')),
  updated_at timestamptz not null default now()
);
comment on table zakops.deals is 'What is bought and sold';
create index idx_deals_cursor_pagination on zakops.deals (updated_at desc, deal_id desc);

create table zakops.agent_runs (
  id uuid primary key default gen_random_uuid(),
  deal_id varchar(20) not null references zakops.deals (deal_id) on delete cascade,
  number bigserial not null,
  idempotency_key varchar(255) unique not null,
  status varchar(50) not null default 'queued'
);

create table zakops.approvals (
  action_id varchar(50) primary key,
  deal_id varchar(20) references zakops.deals (deal_id) on delete set null,
  run_id uuid constraint approvals_run references zakops.agent_runs (id) on delete set null deferrable initially deferred,
  decision varchar(50) not null
);
comment on constraint approvals_run on zakops.approvals is 'The run that asked for it';

create sequence zakops.deal_events_sequence_seq start 1;
create table zakops.audit_logs (
  id uuid primary key default gen_random_uuid(),
  deal_id varchar(20) references zakops.deals (deal_id),
  sequence_number bigint not null default nextval('zakops.deal_events_sequence_seq'),
  event jsonb not null default '{}'
);
create index idx_audit_logs_sequence on zakops.audit_logs (sequence_number);

create table zakops.user_sessions (
  id integer generated always as identity primary key,
  email varchar(255) not null,
  role varchar(50) default 'operator',
  created_at timestamptz not null default now()
);
create unique index user_sessions_email on zakops.user_sessions (lower(email));
