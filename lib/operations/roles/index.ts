export { roleOf } from './role-of.ts'
export { type SetUpRequest, setUpDatabase } from './set-up.ts'
export type { RoleRequest } from './role.ts'
