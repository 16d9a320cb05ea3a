export { type Enforcement, createEnforcement } from './enforcement.ts'
