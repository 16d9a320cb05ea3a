export { type ViewsRequest, createTenantViews, leaveOutOfViews } from './make.ts'
