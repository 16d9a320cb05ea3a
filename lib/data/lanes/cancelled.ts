import type { LaneQuery } from './lane-query.ts'

/** What was cancelled before it was sent, wherever it was to go. */
export const cancelled = new WeakSet<LaneQuery>()

/** What PostgreSQL says to somebody whose statement was cancelled. */
export const CANCELLED = { severity: 'ERROR', code: '57014', message: 'canceling statement due to user request' }
