import type { Check } from '../../check.ts'

export const extensionCheck: Check = {
  name: 'extension-reaches-out',
  severity: 'warning',
  isAtStart: false,
  message: 'An extension reaches other databases, files or programs of the server, where no policy of this database is.',
  sql: `
    select e.extname as object, format('drop extension %I', e.extname) as repair
    from pg_extension e
    where e.extname ~ '^(dblink|.*_fdw|plpython.*|plperlu|pltclu|plsh|pllua.*u|adminpack|http|pg_net|pg_cron|pageinspect|pg_surgery|pg_walinspect|pldbgapi)$' `
}
