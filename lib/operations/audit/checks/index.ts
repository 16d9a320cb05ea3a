import type { Check } from '../check.ts'
import { superuserCheck } from './superuser.ts'
import { bypassRlsCheck } from './bypass-rls.ts'
import { replicationCheck } from './replication.ts'
import { createRoleCheck } from './create-role.ts'
import { powerfulMembershipCheck } from './powerful-membership.ts'
import { membershipCheck } from './membership.ts'
import { ownedTableCheck } from './owned-table.ts'
import { ownedSchemaCheck } from './owned-schema.ts'
import { ownedDatabaseCheck } from './owned-database.ts'
import { truncateCheck } from './truncate.ts'
import { tenantDefaultCheck } from './tenant-default.ts'
import { createOnDatabaseCheck } from './create-on-database.ts'
import { createOnSchemaCheck } from './create-on-schema.ts'
import { temporaryCheck } from './temporary.ts'
import { searchPathCheck } from './search-path.ts'
import { serverVersionCheck } from './server-version.ts'

/** Every check, in the order in which findings are told. */
export const checks: readonly Check[] = [
  bypassRlsCheck,
  replicationCheck,
  createRoleCheck,
  powerfulMembershipCheck,
  membershipCheck,
  ownedTableCheck,
  ownedSchemaCheck,
  ownedDatabaseCheck,
  truncateCheck,
  tenantDefaultCheck,
  createOnDatabaseCheck,
  createOnSchemaCheck,
  temporaryCheck,
  searchPathCheck,
  serverVersionCheck
]

export { superuserCheck }
