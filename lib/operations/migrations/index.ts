export { type Migration, readMigrations } from './files.ts'
export { clearLedger } from './ledger.ts'
export { type MigrationReport, type TenantMigration, migrateTenants } from './migrate-tenants.ts'
export { type SchemaUpdate, lockFor, updateSchema } from './update.ts'
