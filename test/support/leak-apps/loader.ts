/** What DataLoader does: keys that are asked for in one turn are read at once, and each is read once. */
export class Loader {
  readonly #read: (ids: readonly string[]) => Promise<readonly Record<string, unknown>[]>
  readonly #known = new Map<string, Promise<Record<string, unknown> | undefined>>()
  #batch: { readonly ids: string[], readonly rows: Promise<readonly Record<string, unknown>[]> } | undefined

  constructor (read: (ids: readonly string[]) => Promise<readonly Record<string, unknown>[]>) {
    this.#read = read
  }

  load (id: string): Promise<Record<string, unknown> | undefined> {
    const known = this.#known.get(id)
    if (known !== undefined) return known
    const batch = this.#batch ??= this.#open()
    batch.ids.push(id)
    const found = batch.rows.then((rows) => rows.find((row) => row['id'] === id))
    this.#known.set(id, found)
    return found
  }

  #open (): { readonly ids: string[], readonly rows: Promise<readonly Record<string, unknown>[]> } {
    const ids: string[] = []
    const rows = new Promise<void>((resolve) => { setImmediate(resolve) }).then(() => {
      this.#batch = undefined
      return this.#read(ids)
    })
    return { ids, rows }
  }
}
