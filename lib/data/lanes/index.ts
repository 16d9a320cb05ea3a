export { type Lane, type StartStatement, type StatementResult, isServerError } from './lane.ts'
export { type LaneStats, Lanes } from './lanes.ts'
export { withDeadline } from './deadline.ts'
