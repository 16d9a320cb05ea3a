export type { Difference } from './compare.ts'
export { type DriftOptions, type DriftReport, findDrift } from './drift.ts'
