/**
 * Returns what `work` settles with, or rejects with `expired()` when `milliseconds` have passed before. `expired` is
 * called at that moment and may clean up; what `work` does later is ignored.
 */
export function withDeadline<T> (work: Promise<T>, milliseconds: number, expired: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(expired()), milliseconds)
    work.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      }
    )
  })
}
