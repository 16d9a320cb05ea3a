import type { Check } from '../check.ts'
import { bypassRlsCheck } from './roles/bypass-rls.ts'
import { replicationCheck } from './roles/replication.ts'
import { createRoleCheck } from './roles/create-role.ts'
import { createDatabaseCheck } from './roles/create-database.ts'
import { powerfulMembershipCheck } from './roles/powerful-membership.ts'
import { membershipCheck } from './roles/membership.ts'
import { ownedTableCheck } from './roles/owned-table.ts'
import { ownedSchemaCheck } from './roles/owned-schema.ts'
import { ownedDatabaseCheck } from './roles/owned-database.ts'
import { ownedFunctionCheck } from './roles/owned-function.ts'
import { ownedObjectCheck } from './roles/owned-object.ts'
import { ownerBypassesCheck } from './roles/owner-bypasses.ts'
import { ownerPowerfulCheck } from './roles/owner-powerful.ts'
import { superuserCheck } from './roles/superuser.ts'
import { ownerCheck } from './roles/owner.ts'
import { lentCheck } from './roles/lent.ts'
import { createOnDatabaseCheck } from './grants/create-on-database.ts'
import { createOnSchemaCheck } from './grants/create-on-schema.ts'
import { temporaryCheck } from './grants/temporary.ts'
import { truncateCheck } from './grants/truncate.ts'
import { tableRightsCheck } from './grants/table-rights.ts'
import { grantOptionCheck } from './grants/grant-option.ts'
import { publicGrantCheck } from './grants/public-grant.ts'
import { sequenceRightsCheck } from './grants/sequence-rights.ts'
import { controlTableCheck } from './grants/control-table.ts'
import { defaultPrivilegesCheck } from './grants/default-privileges.ts'
import { largeObjectCheck } from './grants/large-object.ts'
import { serverFunctionCheck } from './grants/server-function.ts'
import { serverCatalogCheck } from './grants/server-catalog.ts'
import { parameterCheck } from './grants/parameter.ts'
import { foreignServerCheck } from './grants/foreign-server.ts'
import { languageCheck } from './grants/language.ts'
import { otherRoleCheck } from './grants/other-role.ts'
import { searchPathCheck } from './settings/search-path.ts'
import { searchPathHeldCheck } from './settings/search-path-held.ts'
import { tenantDefaultCheck } from './settings/tenant-default.ts'
import { sessionRoleCheck } from './settings/session-role.ts'
import { unsafeSettingCheck } from './settings/unsafe-setting.ts'
import { unlockedCheck } from './settings/unlocked.ts'
import { trackFunctionsCheck } from './settings/track-functions.ts'
import { preparedTransactionsCheck } from './settings/prepared-transactions.ts'
import { unprotectedTableCheck } from './policies/unprotected-table.ts'
import { missingPolicyCheck } from './policies/missing-policy.ts'
import { permissiveExtraCheck } from './policies/permissive-extra.ts'
import { openRegistryCheck } from './policies/open-registry.ts'
import { ownRowsCheck } from './policies/own-rows.ts'
import { immutableHelperCheck } from './policies/immutable-function.ts'
import { perRowCheck } from './policies/per-row.ts'
import { closedCheck } from './policies/closed.ts'
import { asksMoreCheck } from './policies/asks-more.ts'
import { unsignedPolicyCheck } from './policies/unsigned-policy.ts'
import { workerPolicyCheck } from './policies/worker-policy.ts'
import { partitionCheck } from './tables/partition.ts'
import { elsewhereCheck } from './tables/elsewhere.ts'
import { foreignOwnerCheck } from './tables/foreign-owner.ts'
import { inexactColumnCheck } from './tables/inexact-column.ts'
import { nullableColumnCheck } from './tables/nullable-column.ts'
import { missingIndexCheck } from './tables/missing-index.ts'
import { sameNameCheck } from './tables/same-name.ts'
import { outsideSequenceCheck } from './tables/outside-sequence.ts'
import { sharedSequenceCheck } from './tables/shared-sequence.ts'
import { uniqueCheck } from './keys/unique.ts'
import { foreignCheck } from './keys/foreign.ts'
import { cascadeCheck } from './keys/cascade.ts'
import { acrossCheck } from './keys/across.ts'
import { disabledCheck } from './keys/disabled.ts'
import { definerCheck } from './code/definer.ts'
import { definerPathCheck } from './code/definer-path.ts'
import { triggerCheck } from './code/trigger.ts'
import { ruleCheck } from './code/rule.ts'
import { viewCheck } from './code/view.ts'
import { viewAcrossCheck } from './code/view-across.ts'
import { materializedViewCheck } from './code/materialized-view.ts'
import { foreignTableCheck } from './code/foreign-table.ts'
import { entersTenantCheck } from './code/enters-tenant.ts'
import { namesTenantCheck } from './code/names-tenant.ts'
import { functionAcrossCheck } from './code/function-across.ts'
import { keepsStateCheck } from './code/keeps-state.ts'
import { notifiesCheck } from './code/notifies.ts'
import { leakproofCheck } from './code/leakproof.ts'
import { plantedCheck } from './code/planted.ts'
import { eventTriggerCheck } from './code/event-trigger.ts'
import { controlObjectCheck } from './code/control-object.ts'
import { extensionCheck } from './server/extension.ts'
import { extensionDefinerCheck } from './server/extension-definer.ts'
import { statementsCheck } from './server/statements.ts'
import { publicationCheck } from './server/publication.ts'
import { serverVersionCheck } from './server/server-version.ts'

/**
 * The checks that say that this is the wrong role altogether. It has nearly every right, or is not even the application's,
 * which would bury the finding that matters: what one of them finds is all that is told.
 */
export const wrongRoleChecks: readonly Check[] = [sessionRoleCheck, superuserCheck, ownerCheck]

/** Every other check, in the order in which findings are told. */
export const checks: readonly Check[] = [
  bypassRlsCheck,
  replicationCheck,
  createRoleCheck,
  createDatabaseCheck,
  powerfulMembershipCheck,
  membershipCheck,
  ownedTableCheck,
  ownedSchemaCheck,
  ownedDatabaseCheck,
  ownedFunctionCheck,
  ownedObjectCheck,
  ownerBypassesCheck,
  ownerPowerfulCheck,
  lentCheck,
  createOnDatabaseCheck,
  createOnSchemaCheck,
  temporaryCheck,
  truncateCheck,
  tableRightsCheck,
  grantOptionCheck,
  publicGrantCheck,
  sequenceRightsCheck,
  controlTableCheck,
  defaultPrivilegesCheck,
  largeObjectCheck,
  serverFunctionCheck,
  serverCatalogCheck,
  parameterCheck,
  foreignServerCheck,
  languageCheck,
  otherRoleCheck,
  searchPathCheck,
  searchPathHeldCheck,
  tenantDefaultCheck,
  unsafeSettingCheck,
  trackFunctionsCheck,
  preparedTransactionsCheck,
  unprotectedTableCheck,
  missingPolicyCheck,
  permissiveExtraCheck,
  openRegistryCheck,
  ownRowsCheck,
  immutableHelperCheck,
  perRowCheck,
  closedCheck,
  asksMoreCheck,
  partitionCheck,
  elsewhereCheck,
  foreignOwnerCheck,
  inexactColumnCheck,
  nullableColumnCheck,
  missingIndexCheck,
  sameNameCheck,
  outsideSequenceCheck,
  sharedSequenceCheck,
  uniqueCheck,
  foreignCheck,
  cascadeCheck,
  acrossCheck,
  disabledCheck,
  definerCheck,
  definerPathCheck,
  triggerCheck,
  ruleCheck,
  viewCheck,
  viewAcrossCheck,
  materializedViewCheck,
  foreignTableCheck,
  entersTenantCheck,
  namesTenantCheck,
  functionAcrossCheck,
  keepsStateCheck,
  notifiesCheck,
  leakproofCheck,
  plantedCheck,
  eventTriggerCheck,
  controlObjectCheck,
  extensionCheck,
  extensionDefinerCheck,
  statementsCheck,
  publicationCheck,
  serverVersionCheck
]

/** Those that ask for what Citus cannot do without: prepared transactions, and policies without a sub-select. */
export const checksNotOnCitus: ReadonlySet<Check> = new Set([preparedTransactionsCheck, perRowCheck])

/** Those that ask the workers of Citus, and need its functions. */
export const citusChecks: readonly Check[] = [workerPolicyCheck]

/** Those that hold where the process signs the tenant context. */
export const signingChecks: readonly Check[] = [unsignedPolicyCheck]

/** Those that hold where the process relies on settings that SQL cannot change. */
export const lockedChecks: readonly Check[] = [unlockedCheck]
