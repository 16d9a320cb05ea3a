/** The settings `s.setting` that sessions of this role in this database begin with, each with its role and database. */
export const ROLE_SETTINGS_SQL = settingsOfSql('session_user')

/** The same of another role, and of all roles. */
export function settingsOfSql (role: string): string {
  return `(
    select r.rolname, d.datname, unnest(p.setconfig) as setting
    from pg_db_role_setting p
    left join pg_roles r on r.oid = p.setrole
    left join pg_database d on d.oid = p.setdatabase
    where (p.setrole = 0 or r.rolname = ${role}) and (p.setdatabase = 0 or d.datname = current_database())) s`
}

/** What ALTER calls the place of such a setting. */
export const SETTING_TARGET_SQL = `case
  when s.rolname is null and s.datname is null then 'role all'
  when s.rolname is null then format('database %I', s.datname)
  when s.datname is null then format('role %I', s.rolname)
  else format('role %I in database %I', s.rolname, s.datname) end`
