import type { CellState, MatrixRow, ReachMatrix } from '../../../../operations/audit/index.ts'
import { placeWords } from '../findings.ts'
import { escape } from './escape.ts'
import { BAD, STATES } from './states.ts'

/** So many rows in which nothing was found are shown unasked. */
const SHOWN = 40

/** Returns the tenants × tables matrix: those with something to look at first, and the others folded up where they are many. */
export function matrixHtml ({ tables, rows }: ReachMatrix): string {
  if (rows.length === 0) return '<p>There are no tenants.</p>'
  const isBad = ({ cells }: MatrixRow): boolean => cells.some((state) => BAD.has(state))
  const isHole = ({ cells }: MatrixRow): boolean => cells.includes('hole')
  const bad = [...rows.filter(isHole), ...rows.filter((row) => isBad(row) && !isHole(row))]
  const good = rows.filter((row) => !isBad(row))
  const tableOf = (some: readonly MatrixRow[], caption: string): string => some.length === 0 ? '' : matrixTable(tables, some, caption)
  const goodTable = tableOf(good, `${countOf(good)} with nothing to look at`)
  return `${legend(rows)}
${tableOf(bad, `${countOf(bad)} with something to look at`)}
${good.length > SHOWN ? `<details><summary>${countOf(good)} with nothing to look at</summary>${goodTable}</details>` : goodTable}`
}

function countOf ({ length }: { readonly length: number }): string {
  return `${length} tenant${length === 1 ? '' : 's'}`
}

function legend (rows: readonly MatrixRow[]): string {
  const used = new Set(rows.flatMap(({ cells }) => cells))
  const items = Object.entries(STATES).filter(([state]) => [...used].some((one) => one === state))
  return `<ul class="legend" aria-label="What the signs mean">${items.map(([state, { sign, word, meaning }]) =>
    `<li><span class="cell ${state}" aria-hidden="true">${sign}</span> <b>${word}</b> ${escape(meaning)}</li>`).join('')}</ul>`
}

function matrixTable (tables: readonly string[], rows: readonly MatrixRow[], caption: string): string {
  const head = tables.map((table) => `<th scope="col"><span>${escape(table)}</span></th>`).join('')
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escape(caption)}"><table class="matrix"><caption>${escape(caption)}</caption>
<thead><tr><th scope="col">tenant</th>${head}</tr></thead>
<tbody>${rows.map((row) => rowHtml(tables, row)).join('\n')}</tbody></table></div>`
}

function rowHtml (tables: readonly string[], { tenantId, isolation, place, cells }: MatrixRow): string {
  const where = placeWords({ place })
  const cellsHtml = cells.map((state, at) => cellHtml(state, `${tenantId} · ${tables[at] ?? ''}`)).join('')
  return `<tr><th scope="row">${escape(tenantId)} <small>${escape(isolation)}, ${escape(where)}</small></th>${cellsHtml}</tr>`
}

function cellHtml (state: CellState, what: string): string {
  const { sign, word, meaning } = STATES[state]
  return `<td class="cell ${state}" title="${escape(`${what}: ${meaning}`)}"><span aria-hidden="true">${sign}</span><span class="word">${word}</span></td>`
}
