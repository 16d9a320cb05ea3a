export type { AskPlace, PlaceStats, PlacesOptions } from './options.ts'
export { type PlaceSource, Places } from './places.ts'
export { TenantPlace } from './tenant-place.ts'
