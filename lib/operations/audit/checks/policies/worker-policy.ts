import { TENANT_COLUMN, quoteLiteral } from '../../../../words/names.ts'
import { ISOLATION_POLICY, citusPolicyStatements, forceStatements } from '../../../policies/index.ts'
import type { Check } from '../../check.ts'

// What every node says of its own tables that have row security or a policy: of shards too, which no catalog of the coordinator shows.
const ASK = `
  select coalesce(json_agg(json_build_object('shard', format('%I.%I', n.nspname, c.relname), 'forced', c.relrowsecurity and c.relforcerowsecurity, 'policies', p.policies)), '[]')::text
  from pg_class c join pg_namespace n on n.oid = c.relnamespace,
  lateral (select coalesce(json_agg(concat_ws(' ', polname, case when polpermissive then 'permissive' else 'restrictive' end, polcmd, polroles,
    pg_get_expr(polqual, polrelid), '/', pg_get_expr(polwithcheck, polrelid)) order by polname), '[]')::text as policies from pg_policy where polrelid = c.oid) p
  where c.relkind in ('r', 'p') and (c.relrowsecurity or p.policies <> '[]')`

const REPAIR = quoteLiteral([...citusPolicyStatements('%1$s', '%2$s'), ...forceStatements('%1$s')].join('; ') +
  '; -- and drop every other policy: select run_command_on_shards(\'%1$s\', \'drop policy if exists … on %%s\')')

/** Where Citus runs a statement is where a policy has to hold: as the coordinator shows it, and with no other beside it. */
export const workerPolicyCheck: Check = {
  name: 'worker-policy',
  severity: 'fatal',
  isAtStart: true,
  message: 'On a node of Citus a table has other policies than on the coordinator, or is not held by them: every tenant may see its rows there.',
  sql: `
    with answers as materialized (
      select nodeid, success, result from run_command_on_all_nodes(${quoteLiteral(ASK)})
    ), found as (
      select a.nodeid, x.shard, x.forced, x.policies from answers a,
        json_to_recordset(case when a.success then a.result else '[]' end::json) as x (shard text, forced boolean, policies text)
    ), due as (
      select format('%I.%I', n.nspname, c.relname) as object, s.shardid, d.nodeid, d.nodename, d.nodeport,
        format('%I.%I', n.nspname, c.relname || '_' || s.shardid) as shard, format_type(a.atttypid, -1) as type,
        (select coalesce(json_agg(concat_ws(' ', polname, case when polpermissive then 'permissive' else 'restrictive' end, polcmd, polroles,
          pg_get_expr(polqual, polrelid), '/', pg_get_expr(polwithcheck, polrelid)) order by polname), '[]')::text from pg_policy where polrelid = c.oid) as policies
      from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_attribute a
        on a.attrelid = c.oid and a.attname = ${quoteLiteral(TENANT_COLUMN)} and a.attnum > 0 and not a.attisdropped
      join pg_dist_shard s on s.logicalrelid = c.oid join pg_dist_placement l on l.shardid = s.shardid
      join pg_dist_node d on d.groupid = l.groupid and d.noderole = 'primary'
      where exists (select from pg_policy p where p.polrelid = c.oid and p.polname = ${quoteLiteral(ISOLATION_POLICY)})
    )
    select format('%s on %s:%s', due.object, due.nodename, due.nodeport) as object, format(${REPAIR}, due.object, due.type) as repair
    from due left join found on found.nodeid = due.nodeid and found.shard = due.shard
    where found.forced is not true or found.policies is distinct from due.policies
    union all
    select format('node %s', nodeid), '-- it could not be asked: look whether it is up, and whether the role may log in there' from answers where not success`
}
