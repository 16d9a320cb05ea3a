import type { Check } from '../check.ts'

export const serverVersionCheck: Check = {
  name: 'server-version',
  severity: 'warning',
  message: 'The server is older than the repair of CVE-2026-14666: a cached plan outlives a change of the role and skips its policies.',
  sql: `
    select current_setting('server_version') as object,
      '-- update the server to 15.19, 16.15, 17.11, 18.6 or later' as repair
    where case current_setting('server_version_num')::int / 10000
      when 15 then current_setting('server_version_num')::int < 150019
      when 16 then current_setting('server_version_num')::int < 160015
      when 17 then current_setting('server_version_num')::int < 170011
      when 18 then current_setting('server_version_num')::int < 180006
      else current_setting('server_version_num')::int < 150000 end`
}
