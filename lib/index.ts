export { createTenancy } from './faces/tenancy/index.ts'
export type {
  AcrossOptions, AdoptPlanRequest, Adoption, EachTenantOptions, EachTenantReport, Tenancy, TenancyAcross, TenancyAdoption, TenancyLifecycle, TenancySigning, TenancyStats, TenantOutcome, TenantRegistry, TenantRow, WithoutTenantOptions
} from './faces/tenancy/index.ts'
export { zakopsTenancy, zakopsTenancy as default } from './faces/plugin/index.ts'
export type { RequestTenancy, RouteTenancy } from './faces/plugin/index.ts'
export { setUpDatabase } from './operations/roles/index.ts'
export type { SetUpRequest } from './operations/roles/index.ts'
export type { DeleteRequest, Deletion, DeletionProgress, DeletionProof, DeletionResult, DeletionWork, LifecycleOptions } from './operations/lifecycle/index.ts'
export type { MigrateOptions, MigrationProgress, MigrationReport, TenantMigration, TenantMigrationStatus } from './operations/fleet/index.ts'
export type { Difference, DriftOptions, DriftReport } from './operations/drift/index.ts'
export type { MigrationModule } from './operations/migrations/index.ts'
export type { ProvisionRequest, SparesRequest } from './operations/provisioning/index.ts'
export type { SigningKeyStatus, SigningStatus } from './operations/signing/index.ts'
export type { ViewsRequest } from './operations/views/index.ts'
export type { MoveProgress, MoveReport, MoveRequest, MoveTarget } from './operations/moves/index.ts'
export type { CloneRequest, ExportReport, ImportRequest } from './operations/transfer/index.ts'
export type {
  AdoptionOptions, AdoptionPlan, AdoptionProgress, AdoptionReport, AdoptionStage, AdoptionStatus, AdoptionTarget, CodeFinding, LockReport, ObserveReport, RehearsalOptions, RehearsalReport, ShadowReport
} from './operations/adoption/index.ts'
export type { TenantSql } from './data/client/index.ts'
export type { LaneStats } from './data/lanes/index.ts'
export type { PlaceStats } from './data/places/index.ts'
export { currentTenant, requireTenant } from './settings/context/index.ts'
export type { TenancyOptions } from './settings/config/index.ts'
export type {
  Finding, FindingSeverity, IsolationStrategyName, SigningStage, TenancyLogger, Tenant, TenantId, TenantMode, TenantStatus
} from './words/types.ts'
export * from './words/errors/index.ts'
