import { TenantTransitionError } from '../../words/errors/index.ts'
import type { Tenant, TenantStatus } from '../../words/types.ts'

/** What an operator can do to the status of a tenant. */
export type Transition = 'suspend' | 'resume' | 'archive' | 'restore' | 'delete'

interface Rule {
  readonly from: readonly TenantStatus[]
  readonly to: TenantStatus
}

// `delete` ends in two steps: archived until its time has come, then deleted.
const RULES: Readonly<Record<Transition, Rule>> = {
  suspend: { from: ['active'], to: 'suspended' },
  resume: { from: ['suspended'], to: 'active' },
  archive: { from: ['active', 'suspended'], to: 'archived' },
  restore: { from: ['archived'], to: 'active' },
  delete: { from: ['provisioning', 'active', 'suspended', 'archived'], to: 'archived' }
}

/**
 * Returns the status that a transition leads to. A tenant that is there already stays there, so that whatever was
 * interrupted can be run again.
 *
 * @throws {TenantTransitionError} FST_TENANCY_LIFECYCLE_TRANSITION — the message says what is possible.
 */
export function targetOf ({ status }: Tenant, transition: Transition): TenantStatus {
  const { from, to } = RULES[transition]
  if (status === to || from.includes(status)) return to
  throw wrongTransition(status, transition)
}

/** Returns the error of a transition that is not possible. */
export function wrongTransition (status: TenantStatus, transition: Transition | 'rename'): Error {
  const possible = Object.entries(RULES).filter(([, { from }]) => from.includes(status)).map(([name]) => name)
  return new TenantTransitionError(status, transition, possible.length === 0 ? 'nothing, it is gone' : possible.join(', '))
}
