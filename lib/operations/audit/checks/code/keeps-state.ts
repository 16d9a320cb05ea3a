import { isMemberSql, sourceSql } from '../words.ts'
import type { Check } from '../../check.ts'

// A lock that is given back leaves nothing; `set` is looked for where a statement begins, so that no UPDATE is meant.
const LOCKS = String.raw`\mpg_(try_)?advisory_lock(_shared)?\s*\(`
const SETTINGS = [
  String.raw`\mset_config\s*\((?:[^();]|\([^();]*\))*,\s*(is_local\s*(=>|:=)\s*)?false\s*\)`,
  String.raw`(^|;|\m(begin|then|else|loop)\M)\s*set\s+(session\s+|(?!(local|constraints|transaction)\M)[\w."]+\s*(=|\mto\M))`
].join('|')

// Which connection serves whom next nobody knows, and no DISCARD empties the memory of a language.
export const keepsStateCheck: Check = {
  name: 'function-keeps-state',
  severity: 'warning',
  isAtStart: false,
  message: 'A function leaves something in the session: values in the memory of its language, a setting or a lock beyond its transaction. What one tenant\'s call leaves there, the next tenant\'s finds.',
  sql: `
    select f.oid::regprocedure as object, coalesce(f.triggers, format('revoke execute on routine %s from %s, public', f.oid::regprocedure, m.name)) as repair
    from (
      select p.oid, ${sourceSql('p')} as source, l.lanname, n.usable and p.prorettype <> 'trigger'::regtype as callable,
        (select string_agg(format('drop trigger %I on %s', t.tgname, r.name), '; ') from pg_trigger t join rel r on r.oid = t.tgrelid where t.tgfoid = p.oid and not t.tgisinternal) as triggers
      from pg_proc p join ns n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
      where l.lanname not in ('internal', 'c') and n.kind <> 'control' and not ${isMemberSql('pg_proc', 'p.oid')}) f cross join me m
    where (f.triggers is not null or (f.callable and has_function_privilege(f.oid, 'execute')))
      and case when f.lanname in ('sql', 'plpgsql') then f.source ~* '${SETTINGS}' or (f.source ~* '${LOCKS}' and f.source !~* 'pg_advisory_unlock')
        else f.source ~ '_SHARED|\\m[GS]D\\M|\\mglobal(This)?\\M' end`
}
