import { isMemberSql } from '../words.ts'
import type { Check } from '../../check.ts'

// initdb writes what is the server's own in transaction 1; a function that somebody has changed since has another.
export const leakproofCheck: Check = {
  name: 'function-leakproof',
  severity: 'warning',
  isAtStart: false,
  message: 'A function is LEAKPROOF that the server did not bring so: it is called with rows that a policy hides, before the policy is asked (R-10).',
  sql: `
    select f.oid::regprocedure as object, format('alter function %s not leakproof', f.oid::regprocedure) as repair
    from pg_proc f left join ns n on n.oid = f.pronamespace
    where f.proleakproof and (n.oid is not null or (f.pronamespace = 'pg_catalog'::regnamespace and f.xmin::text <> '1')) and not ${isMemberSql('pg_proc', 'f.oid')}`
}
