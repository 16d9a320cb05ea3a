export { provision } from './provision.ts'
export type { ProvisionRequest } from './request.ts'
