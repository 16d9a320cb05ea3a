export { type TenantClient, type TenantSql, createTenantClient } from './tenant-client.ts'
