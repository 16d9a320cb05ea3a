import { statusCommand } from '../tenants.ts'

export const suspend = statusCommand({
  name: 'suspend',
  description: 'Stop serving a tenant, in every process at once. Its rows stay.',
  act: 'suspend'
})
