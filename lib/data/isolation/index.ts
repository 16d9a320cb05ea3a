export { strategyOf } from './pick.ts'
export { catalogSettings, settingsOf } from './settings.ts'
export type { IsolationStrategy, Naming } from './strategy.ts'
