import { statusCommand } from '../tenants.ts'

export const restore = statusCommand({
  name: 'restore',
  description: 'Serve an archived tenant again, with every migration that it has missed. Takes back a deletion that has not begun.',
  act: 'restore'
})
