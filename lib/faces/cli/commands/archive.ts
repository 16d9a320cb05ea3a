import { statusCommand } from '../tenants.ts'

export const archive = statusCommand({
  name: 'archive',
  description: 'Stop serving a tenant and take every right on its own schema from the application. Its rows stay.',
  isDestructive: true,
  act: 'archive',
  question: (id) => `${id} will not be served any more, and its rights are taken.`
})
