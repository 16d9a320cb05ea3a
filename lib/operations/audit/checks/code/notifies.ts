import { isMemberSql, sourceSql } from '../words.ts'
import type { Check } from '../../check.ts'

// A function that knows of the tenant may well put it into the channel, unless that is a fixed text.
const FIXED = "\\mpg_notify\\s*\\(\\s*''[^'']*''(::\\w+)?\\s*,"

export const notifiesCheck: Check = {
  name: 'function-notifies',
  severity: 'warning',
  isAtStart: false,
  message: 'A function notifies a channel without a word of the tenant: channels belong to the database, so whoever listens hears what every tenant does (G-03).',
  sql: `
    select f.oid::regprocedure as object, '-- put the tenant into the name of the channel, or send from the application with sql.notify()' as repair
    from pg_proc f join ns n on n.oid = f.pronamespace
    where n.kind in ('tenant', 'shared', 'other', 'extensions') and not ${isMemberSql('pg_proc', 'f.oid')} and ${sourceSql('f')} ~* '\\mpg_notify\\s*\\(|\\mnotify\\s+[\\w"]' and (${sourceSql('f')} !~* 'tenant' or ${sourceSql('f')} ~* '${FIXED}')
      and ((n.usable and has_function_privilege(f.oid, 'execute')) or exists (select 1 from pg_trigger t join rel r on r.oid = t.tgrelid where t.tgfoid = f.oid and r.kind in ('tenant', 'shared')))`
}
