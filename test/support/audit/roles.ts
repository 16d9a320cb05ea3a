import type { Fault } from './fault.ts'

/** Faults of the application's role and of the owner. */
export const ROLE_FAULTS: Readonly<Record<string, Fault>> = {
  BYPASSRLS: {
    plant: ({ app }) => `alter role ${app} bypassrls`,
    finds: [['role-bypassrls', 'fatal', '{app}'], ['rows-of-others', 'fatal', 'shared.deals'], ['rows-of-others', 'warning', 'tenant_acme.deals'], ['rows-of-others', 'warning', 'tenant_globex.deals']],
    repair: ({ app }) => `alter role ${app} nobypassrls`
  },
  REPLICATION: { plant: ({ app }) => `alter role ${app} replication`, finds: [['role-replication', 'fatal', '{app}']], as: 'admin' },
  CREATEROLE: { plant: ({ app }) => `alter role ${app} createrole`, finds: [['role-createrole', 'fatal', '{app}']], as: 'admin' },
  CREATEDB: { plant: ({ app }) => `alter role ${app} createdb`, finds: [['role-createdb', 'warning', '{app}']], as: 'admin' },
  'a membership in the owner': {
    plant: ({ app, owner }) => `grant ${owner} to ${app} with inherit false`,
    finds: [['role-member-of-powerful', 'fatal', '{owner}'], ['role-membership', 'warning', '{owner}']],
    as: 'admin'
  },
  'a membership that tells what others do': { plant: ({ app }) => `grant pg_read_all_stats to ${app}`, finds: [['role-membership', 'warning', 'pg_read_all_stats']], as: 'admin' },
  'a table of its own': {
    plant: ({ app }) => `alter table tenant_initech.audit_logs owner to ${app}`,
    finds: [['role-owns-table', 'fatal', 'tenant_initech.audit_logs']],
    as: 'admin',
    tidy: ({ app }) => `grant select, insert, update, delete on tenant_initech.audit_logs to ${app}`
  },
  'a schema of its own': {
    plant: ({ app }) => `alter schema tenant_acme owner to ${app}`,
    finds: [['role-owns-schema', 'fatal', 'tenant_acme']],
    as: 'admin',
    tidy: ({ app }) => `grant usage on schema tenant_acme to ${app}; revoke create on schema tenant_acme from ${app}`
  },
  'the database': {
    plant: ({ app, database }) => `alter database ${database} owner to ${app}`,
    finds: [['role-owns-database', 'fatal', '{database}'], ['database-create', 'warning', '{database}'], ['schema-create', 'warning', 'public'], ['database-temporary', 'warning', '{database}']],
    as: 'admin'
  },
  'a function of its own': {
    plant: ({ app }) => `create function shared.mine() returns int language sql return 1; alter function shared.mine() owner to ${app}`,
    finds: [['role-owns-function', 'warning', 'shared.mine()']],
    as: 'admin',
    tidy: () => 'drop function shared.mine()'
  },
  'types of its own': {
    plant: ({ app }) => `create domain shared.stage as text; alter domain shared.stage owner to ${app}; create type tenant_acme.mood as enum ('good'); alter type tenant_acme.mood owner to ${app}`,
    finds: [['role-owns-object', 'warning', 'type shared.stage'], ['role-owns-object', 'warning', 'type tenant_acme.mood']],
    as: 'admin',
    tidy: () => 'drop domain shared.stage; drop type tenant_acme.mood'
  },
  'an owner that no policy holds': { plant: ({ owner }) => `alter role ${owner} bypassrls`, finds: [['owner-bypasses-policies', 'warning', '{owner}']], as: 'admin' },
  'an owner that is a member of one that no policy holds': {
    plant: ({ app, owner }) => `create role strong_${app} bypassrls; create role between_${app} in role strong_${app}; grant between_${app} to ${owner} with inherit false`,
    finds: [['owner-member-of-powerful', 'warning', '{owner} in between_{app}']],
    as: 'admin',
    tidy: ({ app }) => `drop role between_${app}, strong_${app}`
  },
  'another member of the application\'s role': {
    plant: ({ app }) => `create role lent_${app}; grant ${app} to lent_${app}`,
    finds: [['role-lent', 'warning', 'lent_{app} in {app}']],
    as: 'admin',
    tidy: ({ app }) => `drop role lent_${app}`
  }
}
