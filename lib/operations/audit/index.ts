export { type AuditQuery, runAudit } from './run.ts'
