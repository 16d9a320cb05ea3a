import type { Check } from '../../check.ts'

/** What was repaired in which minor of 15, 16, 17 and 18; 0 where a major never had it. Most need a role that changes. */
const REPAIRS = [
  ['CVE-2023-39418', 150004, 0, 0, 0, true],
  ['CVE-2023-2455', 150003, 0, 0, 0, false],
  ['CVE-2024-10976', 150009, 160005, 170001, 0, false],
  ['CVE-2024-10978', 150009, 160005, 170001, 0, false],
  ['CVE-2025-8713', 150014, 160010, 170006, 0, true],
  ['CVE-2026-14666', 150019, 160015, 170011, 180006, false]
] as const

const values = REPAIRS.map(([name, ...rest]) => `('${name}', ${rest.join(', ')})`).join(', ')

// One role that never changes is not touched by most of them: those count where the role can become another one, or where
// policies are not the same for all.
export const serverVersionCheck: Check = {
  name: 'server-version',
  severity: 'warning',
  isAtStart: true,
  message: 'The server has a fault by which rows pass the policies, and which a newer minor version does not have.',
  sql: `
    select format('PostgreSQL %s: %s', current_setting('server_version'), string_agg(v.name, ', ' order by v.name)) as object,
      '-- update the server to the newest minor version' as repair
    from (values ${values}) v (name, in15, in16, in17, in18, always)
    cross join (select current_setting('server_version_num')::int as number) s
    where s.number < case s.number / 10000 when 15 then v.in15 when 16 then v.in16 when 17 then v.in17 when 18 then v.in18 else case when s.number < 150000 then 150000 else 0 end end
      and (v.always
        or exists (select 1 from pg_auth_members a join me m on m.oid = a.member)
        or exists (select 1 from pg_policy o join rel r on r.oid = o.polrelid where o.polroles <> '{0}'))
    having count(*) > 0`
}
