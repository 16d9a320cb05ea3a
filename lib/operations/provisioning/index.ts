export { type ProvisionRequest, provision } from './provision.ts'
