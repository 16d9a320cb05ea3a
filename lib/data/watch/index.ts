export type { OnClosed } from './closings.ts'
export { TenantWatch, type TenantWatchParts } from './tenant-watch.ts'
