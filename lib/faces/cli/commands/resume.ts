import { statusCommand } from '../tenants.ts'

export const resume = statusCommand({
  name: 'resume',
  description: 'Serve a suspended tenant again.',
  act: 'resume'
})
