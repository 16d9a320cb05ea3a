import type { Fault } from './fault.ts'

/** Faults of what sessions begin with. */
export const SETTING_FAULTS: Readonly<Record<string, Fault>> = {
  'a tenant for everybody': {
    plant: ({ database }) => `alter database ${database} set app.tenant_id = 'acme'`,
    finds: [['session-tenant-preset', 'fatal', 'new connection'], ['setting-tenant-default', 'fatal', 'database {database}']],
    repair: ({ database }) => `alter database ${database} reset app.tenant_id`
  },
  'a tenant for the role': {
    plant: ({ app }) => `alter role ${app} set app.tenant_id = 'acme'`,
    finds: [['session-tenant-preset', 'fatal', 'new connection'], ['setting-tenant-default', 'fatal', 'role {app}']],
    repair: ({ app }) => `alter role ${app} reset app.tenant_id`
  },
  'a tenant for the role that owns the schemas': {
    plant: ({ owner, database }) => `alter role ${owner} in database ${database} set app.tenant_id = 'acme'`,
    finds: [['setting-tenant-default', 'warning', 'role {owner} in database {database}']],
    as: 'admin'
  },
  'a role that is not its own': {
    plant: ({ app }) => `create role other_${app}; grant other_${app} to ${app} with inherit false; alter role ${app} set role = other_${app}`,
    // And nothing of what that other one has.
    finds: [['setting-role', 'fatal', 'role {app}']],
    repair: ({ app }) => `alter role ${app} reset role; drop role other_${app}`
  },
  'a search path': { plant: ({ app, database }) => `alter role ${app} in database ${database} set search_path = shared, public`, finds: [['setting-search-path', 'warning', '{app}']], as: 'admin' },
  'search paths that the setting of the role in the database holds back': {
    plant: ({ app, database }) => `alter role ${app} set search_path = public; alter database ${database} set search_path = "$user", tenant_acme`,
    finds: [['setting-search-path-held', 'warning', 'database {database}'], ['setting-search-path-held', 'warning', 'role {app}']],
    as: 'admin',
    // What leads to no tenant is for other roles.
    tidy: ({ database }) => `alter database ${database} set search_path = "$user", public`
  },
  'row security that is off': {
    plant: ({ app, database }) => `alter role ${app} in database ${database} set row_security = off`,
    finds: [['setting-unsafe', 'warning', 'role {app} in database {database}: row_security=off']],
    as: 'admin'
  },
  'triggers and foreign keys that are off': { plant: ({ app }) => `alter role ${app} set session_replication_role = replica`, finds: [['setting-unsafe', 'warning', 'role {app}: session_replication_role=replica']], as: 'admin' },
  'large objects without rights': { plant: ({ database }) => `alter database ${database} set lo_compat_privileges = on`, finds: [['setting-unsafe', 'warning', 'database {database}: lo_compat_privileges=on']], as: 'admin' },
  'counted functions': { plant: ({ database }) => `alter database ${database} set track_functions = 'all'`, finds: [['setting-track-functions', 'warning', 'database {database}']], as: 'admin' }
}
