import { setTimeout as sleep } from 'node:timers/promises'
import type { OldService } from './service.ts'

/** What became of the requests of a load. */
export interface LoadReport {
  /** The deals whose writing was acknowledged. */
  readonly acknowledged: readonly string[]
  readonly reads: number
  /** What requests failed with, each with its time. */
  readonly failures: readonly string[]
  /** The longest that one request took, in milliseconds. */
  readonly longestMs: number
}

export interface Load {
  /** The deals whose writing was acknowledged so far. */
  readonly acknowledged: readonly string[]
  stop (): Promise<LoadReport>
}

/** Writes and reads all the time, transactions and plain statements in turn. */
export function keepBusy (service: OldService, { writers = 2, pauseMs = 5 } = {}): Load {
  const state = { isOver: false, reads: 0, longestMs: 0 }
  const acknowledged: string[] = []
  const failures: string[] = []
  const kinds = [() => service.openDeal(), () => service.openDealPlainly(), () => service.repeat()]
  const timed = async (fn: () => Promise<void>): Promise<void> => {
    const began = performance.now()
    await fn().catch((error: unknown) => { failures.push(`${new Date().toISOString()} ${String(error)}`) })
    state.longestMs = Math.max(state.longestMs, performance.now() - began)
    await sleep(pauseMs)
  }
  const write = async (_: unknown, number: number): Promise<void> => {
    for (let turn = number; !state.isOver; turn++) await timed(async () => { acknowledged.push(await (kinds[turn % kinds.length] ?? service.openDeal)()) })
  }
  const read = async (): Promise<void> => {
    while (!state.isOver) {
      await timed(async () => {
        const id = acknowledged.at(-1)
        if (id !== undefined && await service.readDeal(id) !== 1) throw new Error('an acknowledged deal is not there once')
        state.reads++
      })
    }
  }
  const running = Promise.all([...Array.from({ length: writers }, write), read()])
  return {
    acknowledged,
    async stop () {
      state.isOver = true
      await running
      return { acknowledged, failures, reads: state.reads, longestMs: Math.round(state.longestMs) }
    }
  }
}
