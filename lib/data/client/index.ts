export { type TenantClient, createTenantClient } from './tenant-client.ts'
