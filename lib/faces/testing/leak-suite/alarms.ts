import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { REFUSALS } from '../../../settings/enforcement/index.ts'
import { ContextMissingError, CrossTenantError } from '../../../words/errors/index.ts'

/** What went wrong behind the answers. */
export interface Alarm {
  readonly kind: 'no context' | 'another tenant' | 'unhandled'
  readonly message: string
}

/**
 * Listens to what the tenant client refuses for want of a context, also where the service swallows the error, and to what
 * nobody handles. Returns what ends it.
 *
 * Listeners of a test framework are set aside meanwhile: what a leak does is a finding here, and no crash of the test.
 */
export function hearAlarms (onAlarm: (alarm: Alarm) => void): () => void {
  const refused = (message: unknown): void => {
    const error: unknown = Reflect.get(Object(message), 'error')
    if (error instanceof CrossTenantError) onAlarm({ kind: 'another tenant', message: error.message })
    if (error instanceof ContextMissingError) onAlarm({ kind: 'no context', message: error.message })
  }
  const unhandled = (error: unknown): void => onAlarm({ kind: 'unhandled', message: error instanceof Error ? `${String(Reflect.get(error, 'code') ?? error.name)}: ${error.message}` : String(error) })
  subscribe(REFUSALS, refused)
  const others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', unhandled)
  return () => {
    unsubscribe(REFUSALS, refused)
    process.off('unhandledRejection', unhandled)
    for (const listener of others) process.on('unhandledRejection', listener)
  }
}
