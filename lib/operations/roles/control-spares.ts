import { CONTROL_SCHEMA, quoteIdentifier } from '../../words/names.ts'

/** Returns the statements that make the list of schemas that are ready and nobody's yet. */
export function spareStatements (appRole: string): readonly string[] {
  const spares = `${quoteIdentifier(CONTROL_SCHEMA)}.spares`
  return [
    `create table if not exists ${spares} (
       schema text primary key,
       strategy text not null,
       fingerprint text not null,
       created_at timestamptz not null default now())`,
    `revoke all on ${spares} from public, ${quoteIdentifier(appRole)}`
  ]
}
