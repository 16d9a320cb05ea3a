export type { Environment } from './environment.ts'
export { type TenancyConfig, resolveConfig } from './resolve.ts'
export { type DatabaseOption, type TenancyOptions, optionsSchema } from './schema.ts'
