import { isMemberSql } from '../words.ts'
import type { Check } from '../../check.ts'

export const eventTriggerCheck: Check = {
  name: 'event-trigger',
  severity: 'warning',
  isAtStart: false,
  message: 'An event trigger runs code of somebody else in every migration, or at every log-in.',
  sql: `
    select e.evtname as object, format('drop event trigger %I', e.evtname) as repair
    from pg_event_trigger e where e.evtenabled <> 'D' and not ${isMemberSql('pg_event_trigger', 'e.oid')}`
}
