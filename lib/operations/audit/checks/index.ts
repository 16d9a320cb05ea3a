import type { AuditPlace, Check } from '../check.ts'
import { superuserCheck } from './superuser.ts'
import { ownerCheck } from './owner.ts'
import { bypassRlsCheck } from './bypass-rls.ts'
import { replicationCheck } from './replication.ts'
import { createRoleCheck } from './create-role.ts'
import { powerfulMembershipCheck } from './powerful-membership.ts'
import { membershipCheck } from './membership.ts'
import { ownedTableCheck } from './owned-table.ts'
import { ownedSchemaCheck } from './owned-schema.ts'
import { ownedDatabaseCheck } from './owned-database.ts'
import { truncateCheck } from './truncate.ts'
import { unprotectedTableCheck } from './unprotected-table.ts'
import { missingPolicyCheck } from './missing-policy.ts'
import { tenantDefaultCheck } from './tenant-default.ts'
import { createOnDatabaseCheck } from './create-on-database.ts'
import { createOnSchemaCheck } from './create-on-schema.ts'
import { temporaryCheck } from './temporary.ts'
import { searchPathCheck } from './search-path.ts'
import { serverVersionCheck } from './server-version.ts'

/**
 * The checks that say that this is the wrong role altogether. It has nearly every right, which would bury the finding
 * that matters: what one of them finds is all that is told.
 */
export const wrongRoleChecks: readonly Check[] = [superuserCheck, ownerCheck]

/** Every other check, in the order in which findings are told. */
export const checksOf = (place: AuditPlace): readonly Check[] => [
  bypassRlsCheck,
  replicationCheck,
  createRoleCheck,
  powerfulMembershipCheck,
  membershipCheck,
  ownedTableCheck,
  ownedSchemaCheck,
  ownedDatabaseCheck,
  truncateCheck,
  unprotectedTableCheck(place),
  missingPolicyCheck,
  tenantDefaultCheck,
  createOnDatabaseCheck,
  createOnSchemaCheck,
  temporaryCheck,
  searchPathCheck,
  serverVersionCheck
]
