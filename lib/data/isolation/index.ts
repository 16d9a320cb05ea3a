export { strategyOf } from './pick.ts'
export { settingsOf } from './settings.ts'
export type { IsolationStrategy } from './strategy.ts'
