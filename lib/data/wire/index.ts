export { readArrayTypes } from './array-types.ts'
export { type Driver, type DriverQuery, type OpenClient, isDriverHelper, isDriverIdentifier, isDriverQuery, openDriver } from './driver.ts'
export { type SettingsDialect, postgresDialect } from './settings.ts'
export { isExpectedTag, refusalOf } from './statement-kinds.ts'
