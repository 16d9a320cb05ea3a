export { type Enforcement, REFUSALS, createEnforcement } from './enforcement.ts'
