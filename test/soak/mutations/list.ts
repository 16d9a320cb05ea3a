/** One check taken away, or one fault put in: the soak has to turn red because of this alone. */
export interface Mutation {
  readonly name: string
  /** Files below lib, and what takes the place of what; the text has to be there exactly once. */
  readonly changes: readonly { readonly file: string, readonly from: string, readonly to: string }[]
}

/** Not while the tenants are made, and then as often as is said. */
const sometimes = (share: number): string =>
  `(Reflect.set(globalThis, 'soaked', (Reflect.get(globalThis, 'soaked') ?? 0) + 1) && Reflect.get(globalThis, 'soaked') > 300 && Math.random() < ${share})`

const mutation = (name: string, file: string, from: string, to: string): Mutation => ({ name, changes: [{ file, from, to }] })

// Not here, because others show them: that a connection is cleaned when it comes back (session-state.test.ts), and that the
// driver does not let go of its socket (lost-halfway.test.ts).
export const MUTATIONS: readonly Mutation[] = [
  mutation('the settings and the number that come back are not compared', 'data/lanes/expected-answers.ts',
    'if (row === undefined) return false', 'return true'),
  mutation('the number that comes back is not compared', 'data/lanes/expected-answers.ts',
    ' && chunk.readInt32BE(at + row.length) === nonce', ''),
  mutation('the settings that come back are not compared', 'data/lanes/expected-answers.ts',
    'return length === row.length + 4 && isAt(row, chunk, at) &&', 'return length === row.length + 4 &&'),
  mutation('two cycles change places now and then', 'data/lanes/cycle-queue.ts',
    'this.#cycles.push(cycle)', `if (${sometimes(0.5)} && this.length > 1) this.#cycles.splice(-1, 0, cycle)\n    else this.#cycles.push(cycle)`),
  mutation('a frame is left out now and then', 'data/lanes/write-cycle.ts',
    '  outbox.putNumbered(settings, nonce, frame.nonceAt)', `  if (!${sometimes(0.05)}) outbox.putNumbered(settings, nonce, frame.nonceAt)`),
  mutation('a frame is another tenant\'s now and then', 'data/places/tenant-place.ts',
    'const known = tenant === undefined ? undefined : this.#frames.get(tenant)', `const known = tenant === undefined ? undefined : ${sometimes(0.05)} ? Reflect.get(globalThis, 'lastFrame') : this.#frames.get(tenant)\n    if (tenant !== undefined && this.#frames.has(tenant)) Reflect.set(globalThis, 'lastFrame', this.#frames.get(tenant))`),
  mutation('a lane is handed over before its server is ready', 'data/lanes/lane.ts',
    '    this.#routes.send(this, this.#cycle)', `    this.#routes.send(this, this.#cycle)\n    if (request.kind === 'run' && !this.#isOpen && ${sometimes(0.5)}) setImmediate(() => this.#finishTask())`),
  mutation('the driver sends a statement once more by itself', 'data/lanes/cycle.ts',
    'isOfRetried ? withHiddenRoutine(message) : message', 'message'),
  mutation('a cancel reaches whoever has a lane', 'data/lanes/lane-pool.ts',
    'if (lane.task?.query === query) return lane', 'if (lane.task !== undefined) return lane'),
  mutation('a cancel hits what is queued on the same connection', 'data/lanes/seal.ts',
    'head === cycle && depth === 1', 'head === cycle || depth > 1'),
  mutation('a connection is not cleaned when it is granted', 'data/lanes/multiplexer.ts',
    'if (connection.isUsed) cleanSession(connection)', ''),
  {
    // Three that stand behind each other: any one of them is enough.
    name: 'a dead handle lives on',
    changes: [
      { file: 'data/client/scope.ts', from: 'return !this.#isEnded && this.#connection.isOpen && (this.#parent?.isAlive ?? true)', to: 'return true' },
      { file: 'data/client/transaction.ts', from: 'if (this.isOpen) return this.#session.run(query, done)', to: 'return this.#session.run(query, done)' },
      { file: 'data/lanes/session.ts', from: 'if (this.#reason !== undefined || this.#hasLeft) {', to: 'if (this.#reason !== undefined) {' }
    ]
  },
  mutation('a failure that nobody awaits is forgotten', 'data/client/scope.ts',
    'if (!(error instanceof SqlRefusedError)) this.#failure ??= { error }', ''),
  mutation('a lost change is taken for none', 'data/lanes/router.ts',
    'if (isOpen && cycle !== undefined && !isHarmless(cycle)) return new OutcomeUnknownError({ cause: noticed ?? reason })', ''),
  mutation('a lost commit is taken for none', 'data/client/transaction.ts',
    'throw isServerError(error) ? error : new OutcomeUnknownError({ cause: error })', 'throw error'),
  mutation('a lost commit of a reserved connection is taken for none', 'data/lanes/router.ts',
    "if (request.kind === 'bare') return request.isCommit !== true", "if (request.kind === 'bare') return true"),
  mutation('what was sent is sent again after a loss', 'data/lanes/cycle-queue.ts',
    'sent: cycles.filter(({ nonce }) => nonce <= sent), unsent: cycles.filter(({ nonce }) => nonce > sent)', 'sent: sent < 0 ? cycles : [], unsent: cycles'),
  mutation('a transaction is acknowledged before its commit is', 'data/client/transaction.ts',
    '    await transaction.commit()\n    return result', '    transaction.commit().catch(() => {})\n    return result'),
  mutation('transaction control of a text is let through', 'data/lanes/lane.ts',
    'if (reason !== undefined) return this.#refuse', 'if (reason !== undefined && kind.kind === \'refused\') return this.#refuse'),
  mutation('a connection that was had alone is never given back', 'data/lanes/alone-connections.ts',
    'holder?.share.remove()', 'if (Math.random() >= 0.2) holder?.share.remove()'),
  mutation('a statement that ended still counts', 'data/lanes/turns.ts',
    '    this.#running--\n', `    if (!${sometimes(0.05)}) this.#running--\n`),
  mutation('nobody notices that nothing is answered', 'data/lanes/look-around.ts',
    '    connection.checkDeadline(now, limit + GRACE_MS)\n', '    connection.checkDeadline(now, limit + GRACE_MS * 1_000)\n'),
  {
    // Whoever runs it is asked, and whoever reads its answer.
    name: 'a statement of another tenant is let through',
    changes: [
      { file: 'data/client/binding.ts', from: 'isWrittenByAnother(query, tenant.id)', to: 'isWrittenByAnother(undefined, tenant.id)' },
      { file: 'data/client/binding.ts', from: '  if (active?.tenant.id === writer?.tenant.id) return\n', to: '  if (active !== undefined || writer !== undefined) return\n' }
    ]
  },
  mutation('a cursor that is lost looks whole', 'data/client/unfinished.ts',
    'if (step.done === true && this.#failure !== undefined) throw this.#failure.error', ''),
  mutation('a COPY whose end is lost never ends', 'data/client/unfinished.ts',
    'if (error instanceof Error) this.#stream?.destroy?.(error)', ''),
  mutation('a forgotten statement of a lost transaction ends the process', 'data/client/scope.ts',
    'if (this.isLost && query instanceof Promise) hear(query)', ''),
  mutation('a transaction inside a lost one is one of its own', 'data/client/tenant-client.ts', 'if (outer.isLost || (outer.isJoined && !outer.isAlive)) throw', 'if (outer.isJoined && !outer.isAlive) throw')
]
