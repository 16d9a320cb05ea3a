export type { AuditPlace } from './check.ts'
export { type AuditOptions, type AuditReport, auditEverywhere } from './everywhere.ts'
export type { CellState, MatrixRow, ReachMatrix } from './matrix.ts'
export { type AuditQuery, auditCatalog, runAudit } from './run.ts'
