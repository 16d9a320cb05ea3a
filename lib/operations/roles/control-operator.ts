import { CONTROL_SCHEMA, quoteIdentifier, quoteLiteral } from '../../words/names.ts'
import { AUDIT_TABLE } from '../../data/owner/index.ts'
import { REFUSALS_TABLE } from './control-refusals.ts'
import { CHECKED_TENANT_SQL } from './control-signing.ts'

const control = quoteIdentifier(CONTROL_SCHEMA)

/**
 * Returns the statements that let the operator's role work across tenants: it reads the registry and the log, adds to the
 * log, and may enter the schemas named. A set-up that names no operator leaves the one that is there.
 */
export function operatorStatements (operatorName: string | undefined, schemas: readonly string[]): readonly string[] {
  const column = `alter table ${control}.place add column if not exists operator text`
  if (operatorName === undefined) return [column]
  const operator = quoteIdentifier(operatorName)
  return [
    column,
    `update ${control}.place set operator = ${quoteLiteral(operatorName)}`,
    `grant usage on schema ${[CONTROL_SCHEMA, ...schemas].map(quoteIdentifier).join(', ')} to ${operator}`,
    `grant select on ${control}.tenants, ${control}.migrations, ${control}.registry_version, ${control}.place to ${operator}`,
    `grant select, insert on ${AUDIT_TABLE} to ${operator}`,
    `grant select on ${REFUSALS_TABLE} to ${operator}`,
    `grant execute on function ${CHECKED_TENANT_SQL} to ${operator}`
  ]
}
