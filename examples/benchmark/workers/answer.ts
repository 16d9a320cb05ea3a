/**
 * Answers the questions of the parent process, one after the other, and ends with it.
 *
 * A listener and nothing else: a process that is not asked takes no CPU from the one that is.
 */
export function answer (reply: (question: unknown) => Promise<unknown>): void {
  process.on('message', (question: unknown) => {
    reply(question).then(
      (value) => process.send?.({ value }),
      (error: unknown) => process.send?.({ problem: error instanceof Error ? error.stack ?? error.message : String(error) })
    )
  })
  process.on('disconnect', () => process.exit())
  // Ctrl-C reaches the whole group: the parent says when it is over.
  process.on('SIGINT', () => {})
}
