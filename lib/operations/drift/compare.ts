import { quoteLiteral } from '../../words/names.ts'
import type { TenantId } from '../../words/types.ts'
import { OWN_ROWS_CHECK } from '../policies/index.ts'
import { type SchemaObject, inSchema } from './catalog.ts'
import { OBJECT_KINDS } from './kinds.ts'

/** One way in which a tenant's schema is not what it should be. */
export interface Difference {
  readonly tenantId: TenantId
  /** What kind of object, such as `column`, and its name without the schema. */
  readonly object: string
  readonly kind: 'missing' | 'extra' | 'different'
  /** What it should be; null if it should not be there. */
  readonly expected: string | null
  readonly found: string | null
  /** SQL that repairs it; lines that begin with `--` are for somebody to decide. */
  readonly repair: string
}

/** A schema, whose it is, and what it holds. */
export interface OwnedSchema {
  readonly tenantId: TenantId
  readonly schema: string
  readonly objects: ReadonlyMap<string, SchemaObject>
}

/** Returns how a schema differs from the reference, in the order in which it can be repaired. */
export function compare (reference: OwnedSchema, actual: OwnedSchema): readonly Difference[] {
  const differences: (Difference & { readonly rank: number })[] = []
  for (const key of new Set([...reference.objects.keys(), ...actual.objects.keys()])) {
    const expected = asTenant(reference.objects.get(key), reference.tenantId, actual.tenantId)
    const found = actual.objects.get(key)
    if ((expected?.definition ?? '') === (found?.definition ?? '') && isThere(expected) === isThere(found)) continue
    if (found !== undefined && expected === undefined && isPartOfExtraTable(found, reference)) continue
    const rank = OBJECT_KINDS.findIndex(({ kind }) => kind === (expected ?? found)?.kind.kind)
    const show = (object: SchemaObject | undefined): string | null => object === undefined ? null : inSchema(object.definition, actual.schema)
    differences.push({
      tenantId: actual.tenantId,
      object: key,
      kind: found === undefined ? 'missing' : expected === undefined ? 'extra' : 'different',
      expected: show(expected),
      found: show(found),
      repair: inSchema([repairOf(expected, found), ...lostWith(expected, found, reference)].join(' '), actual.schema),
      rank
    })
  }
  return differences.sort((a, b) => a.rank - b.rank).map(({ rank: _, ...difference }) => difference)
}

/** Grants of nothing are as good as none. */
function isThere (object: SchemaObject | undefined): boolean {
  return object !== undefined && !(object.definition === '' && object.make === '')
}

/** Whose rows a schema may hold is another tenant in each. */
function asTenant (object: SchemaObject | undefined, from: TenantId, to: TenantId): SchemaObject | undefined {
  if (object === undefined || object.kind.kind !== 'constraint' || !object.object.endsWith(`.${OWN_ROWS_CHECK}`)) return object
  const turn = (text: string): string => text.replaceAll(quoteLiteral(from), quoteLiteral(to))
  return { ...object, definition: turn(object.definition), make: turn(object.make) }
}

/** Whoever decides about a table decides about what it has. */
function isPartOfExtraTable ({ kind: { kind }, object }: SchemaObject, { objects }: OwnedSchema): boolean {
  const isOfRelation = kind !== 'table' && kind !== 'type' && kind !== 'function' && kind !== 'schema grants' && kind !== 'sequence' && kind !== 'view'
  const [relation = ''] = object.split('.')
  return isOfRelation && !['table', 'sequence', 'view'].some((name) => objects.has(`${name} ${relation}`))
}

/** A view that is made anew has lost its grants. */
function lostWith (expected: SchemaObject | undefined, found: SchemaObject | undefined, { objects }: OwnedSchema): readonly string[] {
  const grants = objects.get(`grants ${expected?.object ?? ''}`)?.make ?? ''
  return expected?.kind.kind === 'view' && found !== undefined && grants !== '' ? [`${grants};`] : []
}

function repairOf (expected: SchemaObject | undefined, found: SchemaObject | undefined): string {
  if (expected === undefined) {
    const { drop = '', kind } = found ?? {}
    return kind?.keep === undefined ? `${drop};` : decide(drop, kind.keep)
  }
  const { make, change, kind } = expected
  if (found === undefined) return make === '' ? '-- decide: it cannot be made by itself. Run the migration that makes it.' : `${make};`
  if (kind.keepAsIs !== undefined) return decide(change === '' ? make : change, kind.keepAsIs)
  return [kind.isReplaced === true ? found.drop : '', make].filter((text) => text !== '').map((text) => `${text};`).join(' ')
}

function decide (sql: string, reason: string): string {
  return `-- decide: ${reason}.\n${sql.split('\n').map((line) => `-- ${line}`).join('\n')};`
}
