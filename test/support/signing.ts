import type { SigningOption } from '../../lib/settings/config/index.ts'

/** A secret of a key in tests. */
export const SECRET = 'f3a1'.repeat(16)

/** The option `signing` of tests. */
export const SIGNING: SigningOption = { keys: { k1: SECRET }, current: 'k1' }
