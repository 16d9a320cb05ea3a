import { CONTROL_SCHEMA, quoteIdentifier } from '../../words/names.ts'

/**
 * Returns the statements that make the table of adoptions: how far each schema is, its plan, and how it was before, which is
 * what an undo restores. The application's role gets nothing.
 */
export function adoptionStatements (appRole: string): readonly string[] {
  const adoptions = `${quoteIdentifier(CONTROL_SCHEMA)}.adoptions`
  return [
    `create table if not exists ${adoptions} (
       source text primary key,
       stage text not null,
       plan jsonb not null,
       original jsonb not null,
       started_at timestamptz not null default now(),
       changed_at timestamptz not null default now())`,
    `revoke all on ${adoptions} from public, ${quoteIdentifier(appRole)}`
  ]
}
