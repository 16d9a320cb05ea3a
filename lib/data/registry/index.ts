export { fixedTenant } from './fixed.ts'
export { type OwnerRegistry, type OwnerRegistryConfig, createOwnerRegistry, listTenants } from './owner-registry.ts'
export { type RegistryReader, type RegistryReaderOptions, createRegistryReader } from './reader.ts'
export { SCHEMA_AGE_SQL, TENANTS_TABLE, TENANT_COLUMNS, TENANT_ROW_SQL, VERSION_SQL, parseTenant } from './row.ts'
