/** Returns what selects the grants of an object, in the order in which the catalog has them; those of its owner that nobody changed are among them. */
export const grantsOf = (acl: string, kind: string, owner: string, column = 'null'): string => `
  select pg_catalog.json_build_object('privilege', x.privilege_type, 'column', ${column},
    'grantee', case x.grantee when 0 then '' else pg_catalog.pg_get_userbyid(x.grantee) end, 'grantor', pg_catalog.pg_get_userbyid(x.grantor), 'isGrantable', x.is_grantable) as given, x.place
  from (select e.*, row_number() over () as place from pg_catalog.aclexplode(coalesce(${acl}, pg_catalog.acldefault('${kind}', ${owner}))) e) x`

/** The rights on a relation `c`: those on all of it, then those on single columns. */
export const RELATION_GRANTS = `(select coalesce(pg_catalog.json_agg(g.given order by g.number, g.place), '[]') from (
      select 0 as number, t.* from (${grantsOf('c.relacl', 'r', 'c.relowner')}) t
      union all select a.attnum, t.* from pg_catalog.pg_attribute a cross join lateral (${grantsOf('a.attacl', 'c', 'c.relowner', 'a.attname')}) t
        where a.attrelid = c.oid and a.attacl is not null) g)`
