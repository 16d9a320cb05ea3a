import { TENANT_COLUMN } from '../../words/names.ts'
import type { TableClass } from './classify.ts'
import { type AdoptionPlan, isTenants, shapeOf } from './plan.ts'
import type { Source, SourceTable } from './source.ts'

/**
 * Holds a plan against the catalog and returns a sentence for whatever does not fit: what CI runs, so that nobody adds a table
 * that nobody has classified.
 */
export function checkPlan (plan: AdoptionPlan, source: Source): readonly string[] {
  const planned = new Map(plan.tables.map((table) => [table.name, table]))
  const care = new Set(plan.care.map(({ kind, name }) => `${kind} ${name}`))
  const there = new Map(source.tables.map((table) => [table.name, table]))
  return [
    ...(planned.size < plan.tables.length ? ['the plan names a table twice.'] : []),
    ...source.tables.filter(({ name }) => !planned.has(name)).map(({ name }) => `the table ${name} is not in the plan: say what it is.`),
    ...plan.tables.filter(({ name }) => !there.has(name)).map(({ name }) => `the table ${name} of the plan is gone.`),
    ...source.tables.filter((table) => (planned.get(table.name)?.shape ?? shapeOf(table)) !== shapeOf(table)).map(({ name }) => `the table ${name} has other columns or keys than when the plan was made: review it, and take its new shape.`),
    ...source.care.filter(({ kind, name }) => !care.has(`${kind} ${name}`)).map(({ kind, name }) => `the ${kind} ${name} is not in the plan.`),
    ...source.tables.flatMap((table) => tableProblems(plan, table))
  ]
}

/** What no stage could do to a table. */
function tableProblems (plan: AdoptionPlan, table: SourceTable): readonly string[] {
  const classOf = (name: string): TableClass => plan.tables.find((planned) => planned.name === name)?.class ?? 'ignore'
  const own = plan.tables.find(({ name }) => name === table.name)?.class
  if (own === undefined || own === 'ignore') {
    const broken = own === 'ignore' && plan.target === 'rls' ? table.foreignKeys.filter(({ schema, table: parent }) => schema === plan.schema && isTenants(classOf(parent))) : []
    return broken.map(({ name }) => `the foreign key ${name} of ${table.name}, which is ignored, leads to a tenant's table, whose key is to change.`)
  }
  const problems: string[] = []
  if (!table.isPlain) problems.push(`the table ${table.name} is partitioned, inherited or foreign: adopt cannot move those yet.`)
  if (table.isSecured) problems.push(`the table ${table.name} has row security of its own: remove it first, or leave the table out.`)
  if (!isTenants(own)) {
    const tenants = table.foreignKeys.find(({ table: parent }) => isTenants(classOf(parent)))
    if (tenants !== undefined) problems.push(`the table ${table.name} is shared and refers to ${tenants.table}, which is a tenant's.`)
    return problems
  }
  if (table.columns.some(({ name }) => name === TENANT_COLUMN)) problems.push(`the table ${table.name} has a column ${TENANT_COLUMN} already: rename it first.`)
  for (const { schema, table: parent } of table.foreignKeys) {
    if (schema !== plan.schema || classOf(parent) === 'ignore') problems.push(`the table ${table.name} refers to ${parent}, which is ignored: no tenant could see what it refers to.`)
  }
  if (plan.target !== 'schema' && table.typed.length > 0) problems.push(`the table ${table.name} cannot get a column while ${table.typed.join(', ')} has one of the type of its rows: give that another type first.`)
  return plan.target === 'rls' ? [...problems, ...keyProblems(table, table.foreignKeys.filter(({ table: parent }) => isTenants(classOf(parent))))] : problems
}

/** Keys that cannot begin with the tenant column, and foreign keys to tenants' tables. */
function keyProblems ({ name, keys }: SourceTable, foreignKeys: SourceTable['foreignKeys']): readonly string[] {
  return [
    ...keys.filter(({ constraint }) => constraint === 'x').map((key) => `the exclusion constraint ${key.name} of ${name} cannot be rebuilt while the table is used: drop it first.`),
    ...keys.filter(({ dependents }) => dependents.length > 0).map((key) => `the key ${key.name} of ${name} cannot be rebuilt while something groups by it without naming the columns (${key.dependents.join(', ')}): write that another way first.`),
    ...keys.filter(({ outsiders }) => outsiders.length > 0).map((key) => `the key ${key.name} of ${name} is to change, and a table in another schema refers to it (${key.outsiders.join(', ')}): drop that foreign key first.`),
    ...foreignKeys.filter(({ definition }) => definition.endsWith(' NOT VALID')).map((key) => `the foreign key ${key.name} of ${name} is not validated: validate it, or drop it, first.`),
    ...foreignKeys.filter(({ onUpdate }) => onUpdate === 'n' || onUpdate === 'd').map((key) => `the foreign key ${key.name} of ${name} has "on update set null" or "set default", which would take the tenant away.`),
    ...foreignKeys.filter(({ match, columns }) => match === 'f' && columns.length > 1).map((key) => `the foreign key ${key.name} of ${name} has "match full" over several columns.`)
  ]
}
