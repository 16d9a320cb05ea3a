import t from 'tap'
import { type BudgetHolder, ConnectionBudget } from '../../../../lib/data/lanes/connection-budget.ts'

/** A database that opens at once what it is offered, and gives up `idle` connections when it is asked. */
class Database implements BudgetHolder {
  connections = 0
  idle = 0
  isWanting = false
  readonly #budget: ConnectionBudget

  constructor (budget: ConnectionBudget) {
    this.#budget = budget
  }

  open (): boolean {
    const isOpen = this.#budget.claim(this)
    if (isOpen) this.connections++
    this.isWanting = !isOpen
    return isOpen
  }

  close (): void {
    this.connections--
    this.#budget.release()
  }

  yieldOne (toSomebodyWithout: boolean): boolean {
    if (this.idle === 0 || this.connections <= (toSomebodyWithout ? 0 : 1)) return false
    this.idle--
    this.#budget.promise()
    this.close()
    return true
  }

  offer (): boolean {
    if (!this.isWanting) return false
    this.isWanting = false
    this.connections++
    return true
  }
}

function databases (max: number, count: number): { readonly budget: ConnectionBudget, readonly all: readonly Database[] } {
  const budget = new ConnectionBudget(max)
  return { budget, all: Array.from({ length: count }, () => new Database(budget)) }
}

t.test('a connection budget', async (t) => {
  t.test('is never exceeded, and serves who waits when one is gone', async (t) => {
    const { budget, all: [a, b] } = databases(2, 2)
    t.same([a?.open(), a?.open(), b?.open()], [true, true, false])
    t.equal(budget.used, 2)
    t.ok(budget.isShort)
    a?.close()
    t.same([a?.connections, b?.connections, budget.used], [1, 1, 2])
    t.notOk(budget.isShort)
  })

  t.test('takes what another does not use, and not its last one for somebody who has some', async (t) => {
    const { all: [a, b] } = databases(3, 2)
    if (a === undefined || b === undefined) return
    t.same([a.open(), b.open(), b.open()], [true, true, true])
    a.idle = 1
    t.notOk(b.open(), 'a keeps its last one')
    b.close()
    b.idle = 1
    t.same([a.connections, b.connections], [1, 2], 'b had asked for it')
    t.ok(a.open(), 'b has one to spare')
    t.same([a.connections, b.connections], [2, 1])
  })

  t.test('gives the next one to somebody who has none, before those who have some', async (t) => {
    const { budget, all: [a, b, c] } = databases(2, 3)
    if (a === undefined || b === undefined || c === undefined) return
    t.same([a.open(), b.open(), b.open(), c.open()], [true, true, false, false])
    a.close()
    t.same([a.connections, b.connections, c.connections, budget.used], [0, 1, 1, 2])
  })

  t.test('goes on to the next when whoever waited needs none any more', async (t) => {
    const { all: [a, b, c] } = databases(1, 3)
    if (a === undefined || b === undefined || c === undefined) return
    t.same([a.open(), b.open(), c.open()], [true, false, false])
    b.isWanting = false
    a.close()
    t.same([b.connections, c.connections], [0, 1])
  })

  t.test('forgets whoever opens no more', async (t) => {
    const { budget, all: [a, b] } = databases(1, 2)
    if (a === undefined || b === undefined) return
    t.same([a.open(), b.open()], [true, false])
    budget.leave(b)
    a.close()
    t.same([b.connections, budget.used, budget.isShort], [0, 0, false])
  })
})
