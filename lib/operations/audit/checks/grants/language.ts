import type { Check } from '../../check.ts'

export const languageCheck: Check = {
  name: 'language-untrusted',
  severity: 'fatal',
  isAtStart: false,
  message: 'The role may write functions in a language that is not held by PostgreSQL: they read the files of the server.',
  sql: `
    select l.lanname as object, format('revoke usage on language %I from %s, public', l.lanname, m.name) as repair
    from pg_language l cross join me m
    where l.lanname not in ('internal', 'c', 'sql') and not l.lanpltrusted and has_language_privilege(m.oid, l.oid, 'usage')
      and exists (select 1 from aclexplode(l.lanacl) x where x.grantee in (0, m.oid))`
}
