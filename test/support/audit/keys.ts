import type { Fault } from './fault.ts'

/** Faults of keys, which tell or take what belongs to others. */
export const KEY_FAULTS: Readonly<Record<string, Fault>> = {
  'a primary key without the tenant': {
    plant: () => 'alter table shared.user_sessions drop constraint user_sessions_pkey, add primary key (id); create index sessions_by_tenant on shared.user_sessions (tenant_id)',
    finds: [['key-without-tenant', 'warning', 'shared.user_sessions_pkey on shared.user_sessions']],
    tidy: () => 'drop index shared.sessions_by_tenant'
  },
  'a unique key without the tenant': { plant: () => 'alter table shared.deals add constraint one_title unique (title, stage)', finds: [['key-without-tenant', 'warning', 'shared.one_title on shared.deals']], tidy: () => 'alter table shared.deals drop constraint one_title' },
  'a unique index of an expression': { plant: () => 'create unique index one_name on shared.user_sessions (lower(user_name)) where user_name <> \'\'', finds: [['key-without-tenant', 'warning', 'shared.one_name on shared.user_sessions']], tidy: () => 'drop index shared.one_name' },
  'a unique index that has the tenant along, and not in its key': {
    plant: () => 'create unique index one_deal on shared.deals (title) include (tenant_id)',
    finds: [['key-without-tenant', 'warning', 'shared.one_deal on shared.deals']],
    tidy: () => 'drop index shared.one_deal'
  },
  'an exclusion without the tenant': { plant: () => 'alter table shared.deals add constraint no_two exclude using btree (title with =) where (amount > 1000)', finds: [['key-without-tenant', 'warning', 'shared.no_two on shared.deals']], repair: () => 'alter table shared.deals drop constraint no_two' },
  'an exclusion that keeps tenants from having the same': {
    plant: () => 'create extension btree_gist schema extensions; alter table shared.deals add constraint one_owner exclude using gist (tenant_id extensions.gist_text_ops with <>, title extensions.gist_text_ops with =)',
    finds: [['key-without-tenant', 'warning', 'shared.one_owner on shared.deals']],
    repair: () => 'alter table shared.deals drop constraint one_owner; drop extension btree_gist'
  },
  'a foreign key without the tenant': {
    plant: () => 'alter table shared.deals add column twin text, add column twin_of text; alter table shared.deals add constraint by_twin unique (tenant_id, twin), add constraint twins unique (twin); alter table shared.deals add constraint is_twin foreign key (twin_of) references shared.deals (twin)',
    finds: [['key-without-tenant', 'warning', 'shared.twins on shared.deals'], ['foreign-key-without-tenant', 'warning', 'is_twin on shared.deals']],
    repair: () => 'alter table shared.deals drop column twin_of, drop column twin'
  },
  'a foreign key that compares another column': {
    plant: () => 'alter table shared.approvals add column other text; alter table shared.approvals add constraint crossed foreign key (other, deal_id) references shared.deals (tenant_id, id)',
    finds: [['foreign-key-without-tenant', 'warning', 'crossed on shared.approvals']],
    tidy: () => 'alter table shared.approvals drop constraint crossed, drop column other'
  },
  'a cascade without the tenant': {
    plant: () => 'alter table shared.deals add column code text; create unique index deals_code on shared.deals (code); alter table shared.deals add constraint by_code unique (tenant_id, code); alter table shared.agent_runs add column deal_code text, add constraint of_deal foreign key (deal_code) references shared.deals (code) on delete cascade on update set null',
    finds: [['key-without-tenant', 'warning', 'shared.deals_code on shared.deals'], ['cascade-without-tenant', 'warning', 'of_deal on shared.agent_runs']],
    repair: () => 'alter table shared.agent_runs drop column deal_code; alter table shared.deals drop column code'
  },
  'a foreign key into the schema of another tenant': {
    plant: () => 'alter table tenant_acme.user_sessions add column deal text, add column owner text, add constraint across foreign key (owner, deal) references tenant_globex.deals (tenant_id, id)',
    finds: [['foreign-key-across', 'warning', 'across on tenant_acme.user_sessions']],
    tidy: () => 'alter table tenant_acme.user_sessions drop column deal, drop column owner'
  },
  'foreign keys that are switched off': { plant: () => 'alter table tenant_acme.approvals disable trigger all', finds: [['foreign-key-disabled', 'warning', 'tenant_acme.approvals']], as: 'admin' }
}
