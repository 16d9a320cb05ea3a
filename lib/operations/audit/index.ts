export type { AuditPlace } from './check.ts'
export { type AuditQuery, runAudit } from './run.ts'
