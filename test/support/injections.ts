/** What a careless query is made of, and what an attacker writes into it. */
export interface Injection {
  readonly name: string
  /** The text that reaches the database. */
  readonly text: string
}

/** What the victim's one row holds: whoever sees it has seen too much. */
export const TREASURE = 'treasure7f3a9'

/** Where the attack aims. */
export interface Target {
  /** The victim's table, with its schema. */
  readonly table: string
  /** The role that owns the tables. */
  readonly owner: string
}

// How code that was written in a hurry puts a client's text into its SQL.
const byId = (input: string): string => `select id, body from docs where id = ${input}`
const byBody = (input: string): string => `select id, body from docs where body = '${input}'`
const sorted = (input: string): string => `select id, body from docs order by ${input}`
const added = (input: string): string => `insert into docs (id, body) values (50, '${input}')`
const changed = (input: string): string => `update docs set body = '${input}' where id = 1`
const removed = (input: string): string => `delete from docs where id = ${input}`

const BE_GLOBEX = "set_config('app.tenant_id', 'globex', true)"
const FORGED = "set_config('app.tenant_id', replace(current_setting('app.tenant_id'), 'acme', 'globex'), true)"
// Put together by the server, so that it stands in no text that another session can look at.
const FOUND = `'${TREASURE.slice(0, 3)}' || '${TREASURE.slice(3)}'`
const first = (setting: string): string => `(select ${setting} as now offset 0) first`

/** Returns every injection against `target`. Each is a text that code of acme sends. */
export function injections ({ table, owner }: Target): readonly Injection[] {
  const read = `select body from ${table}`
  const nested = (setting: string): string => `0 union all select 1, query_to_xml('${read}', true, true, '')::text from ${first(setting)}`
  const list: Readonly<Record<string, string>> = {
    // The variable, changed by an expression.
    'set_config in a condition': byId(`1 or ${BE_GLOBEX} is not null`),
    'set_config for the session': byId("1 or set_config('app.tenant_id', 'globex', false) is not null"),
    'set_config in a text': byBody(`' or ${BE_GLOBEX} is not null --`),
    'set_config with another spelling': byId('1 or pg_catalog."set_config"(\'APP.TENANT_ID\', \'globex\', true) is not null'),
    'set_config with escaped letters': byId('1 or pg_catalog.U&"set\\005fconfig"(\'app.tenant_id\', \'globex\', true) is not null'),
    'set_config behind a comment': byId('1 or set_config/**/(\'app.tenant_id\', \'glo\' || \'bex\', true) is not null'),
    'set_config in a sub-select': byId(`1 or (select ${BE_GLOBEX}) is not null`),
    'set_config in front of a union': byId(`0 union all select d.id, d.body from ${first(BE_GLOBEX)}, ${table} d`),
    'set_config in front of a lateral join': byId(`0 union all select d.id, d.body from ${first(BE_GLOBEX)}, lateral (select * from ${table} where now is not null) d`),
    'set_config in a materialized query': `with first as materialized (select ${BE_GLOBEX} as now) select d.body from first, ${table} d where now is not null`,
    'set_config in an order': sorted(`(${BE_GLOBEX})`),
    'set_config in a limit': sorted(`id limit (select length(${BE_GLOBEX}))`),
    'set_config in a case': byId(`case when ${BE_GLOBEX} = 'globex' then (select max(id) from ${table}) else 1 end`),
    'set_config in a values list': `select d.body from (values (${BE_GLOBEX})) v(now) join ${table} d on now is not null`,
    'set_config for each row': `select (select string_agg(body, ',') from ${table} where g.now is not null) from (select ${BE_GLOBEX} as now from generate_series(1, 3) offset 0) g`,
    'set_config to nobody': byId("1 or set_config('app.tenant_id', '', true) is not null"),
    'set_config to NULL': byId("1 or set_config('app.tenant_id', null, true) is not null"),
    'set_config to everybody': byId("1 or set_config('app.tenant_id', '%', true) is not null"),
    pg_settings: `with changed as (update pg_settings set setting = 'globex' where name = 'app.tenant_id' returning 1) select body from ${table}`,
    'pg_settings behind a semicolon': byId(`1; update pg_settings set setting = 'globex' where name = 'app.tenant_id'; ${read}`),
    // SQL in SQL: a query of its own, planned and begun when the variable was changed.
    query_to_xml: byId(nested(BE_GLOBEX)),
    'query_to_xml that sets it itself': byId(`0 union all select 1, query_to_xml('select body from ${table}, (select set_config(''app.tenant_id'', ''globex'', true) offset 0) f', true, true, '')::text`),
    table_to_xml: byId(`0 union all select 1, table_to_xml('${table}', true, true, '')::text from ${first(BE_GLOBEX)}`),
    schema_to_xml: byId(`0 union all select 1, schema_to_xml('${table.split('.')[0] ?? ''}', true, true, '')::text from ${first(BE_GLOBEX)}`),
    query_to_xml_and_xmlschema: byId(`0 union all select 1, query_to_xml_and_xmlschema('${read}', true, true, '')::text from ${first(BE_GLOBEX)}`),
    ts_stat: byId(`0 union all select 1, string_agg(word, ' ') from ${first(BE_GLOBEX)}, lateral ts_stat('select to_tsvector(''simple'', body) from ${table}')`),
    ts_rewrite: byId(`0 union all select 1, ts_rewrite('a'::tsquery, 'select ''a''::tsquery, plainto_tsquery(''simple'', body) from ${table} where body like ''treasure%''')::text from ${first(BE_GLOBEX)}`),
    // Tokens: forged, cut, mixed.
    'a token with another tenant': byId(nested(FORGED)),
    'a token whose tail is kept': byId(nested("set_config('app.tenant_id', overlay(current_setting('app.tenant_id') placing 'x' from greatest(1, length(current_setting('app.tenant_id')) - 64) for 1), true)")),
    'a token without its MAC': byId(nested("set_config('app.tenant_id', 'v1.k1.9999999999.globex.', true)")),
    'a token with an empty MAC': byId(nested("set_config('app.tenant_id', 'v1.k1.9999999999.globex.' || repeat('0', 64), true)")),
    'a token of an unknown key': byId(nested("set_config('app.tenant_id', 'v1.nobody.9999999999.globex.' || encode(sha256('x'), 'hex'), true)")),
    'a token signed with nothing': byId(nested("set_config('app.tenant_id', 'v1..9999999999.globex.' || encode(sha256(sha256('v1..9999999999.globex')), 'hex'), true)")),
    'a token with a later expiry': byId(nested("set_config('app.tenant_id', regexp_replace(current_setting('app.tenant_id'), '[.][0-9]{10}[.]', '.9999999999.'), true)")),
    'a token with two tenants': byId(nested("set_config('app.tenant_id', replace(current_setting('app.tenant_id'), '.acme.', '.acme.globex.'), true)")),
    'a token with a token in front': byId(nested("set_config('app.tenant_id', 'v1.k1.9999999999.globex.' || current_setting('app.tenant_id'), true)")),
    'its own token, shown': byId("0 union all select 1, current_setting('app.tenant_id')"),
    'the function, called': byId(`0 union all select 1, zakops_tenancy.current_tenant() from ${first(BE_GLOBEX)}, ${table} d`),
    'what is behind the function': byId("0 union all select 1, zakops_tenancy.unsigned_tenant('globex')"),
    'the keys': byId('0 union all select 1, string_agg(kid || encode(ipad, \'hex\'), \',\') from zakops_tenancy.signing_keys'),
    'the registry': byId(`0 union all select 1, string_agg(t.id || ${FOUND}, ',') from ${first(BE_GLOBEX)}, zakops_tenancy.tenants t where t.id = 'globex'`),
    'the registry in a query of its own': byId(`0 union all select 1, replace(query_to_xml('select id from zakops_tenancy.tenants where id = ''globex''', true, true, '')::text, '<id>globex', ${FOUND}) from ${first(BE_GLOBEX)}`),
    'the log': byId('0 union all select 1, string_agg(a::text, \',\') from zakops_tenancy.audit_log a'),
    'a key, planted': "insert into zakops_tenancy.signing_keys values ('k2', 'x', 'x')",
    'the stage, changed': "update zakops_tenancy.signing set stage = 'optional'",
    // Roles and the session.
    'role to the owner': byId(nested(`set_config('role', '${owner}', true)`)),
    'role to none': byId(nested("set_config('role', 'none', true)")),
    session_authorization: byId(nested(`set_config('session_authorization', '${owner}', true)`)),
    'row_security off': byId(nested(`set_config('row_security', 'off', true) || ${BE_GLOBEX}`)),
    'replication role': byId(nested(`set_config('session_replication_role', 'replica', true) || ${BE_GLOBEX}`)),
    'another path': byId(`0 union all select 1, query_to_xml('select body from docs', true, true, '')::text from ${first(`${BE_GLOBEX} || set_config('search_path', '${table.split('.')[0] ?? ''}', true)`)}`),
    'a generic plan': byId(nested(`set_config('plan_cache_mode', 'force_generic_plan', true) || ${BE_GLOBEX}`)),
    'parallel workers': byId(nested(`set_config('parallel_setup_cost', '0', true) || set_config('parallel_tuple_cost', '0', true) || ${BE_GLOBEX}`)),
    'the table by its name': byId(`0 union all select id, body from ${table}`),
    'what the tenant is called': byId(`0 union all select id, body from ${table} where tenant_id = 'globex'`),
    // Statements behind a semicolon.
    'a second statement': byId(`1; ${read}`),
    set: byId(`1; set app.tenant_id = 'globex'; ${read}`),
    'set local': byId(`1; set local app.tenant_id = 'globex'; ${read}`),
    'set session': byId(`1; set session app.tenant_id to 'globex'; ${read}`),
    reset: byId(`1; reset app.tenant_id; ${read}`),
    'reset all': byId(`1; reset all; ${read}`),
    'discard all': byId(`1; discard all; ${read}`),
    'set role': byId(`1; set role ${owner}; ${read}`),
    'set session authorization': byId(`1; set session authorization default; ${read}`),
    'commit and begin': byId(`1; commit; begin; select ${BE_GLOBEX}; ${read}`),
    rollback: byId(`1; rollback; ${read}`),
    savepoint: byId(`1; savepoint s; set local app.tenant_id = 'globex'; release s; ${read}`),
    DO: byId(`1; do $$ begin perform ${BE_GLOBEX}; end $$; ${read}`),
    'DO alone': `do $$ begin perform set_config('app.tenant_id', 'globex', false); update ${table} set body = 'stolen'; end $$`,
    'PREPARE and EXECUTE': byId(`1; prepare stolen as ${read}; execute stolen`),
    'EXECUTE alone': 'execute stolen',
    'a cursor': byId(`1; declare stolen cursor with hold for ${read}; fetch all from stolen`),
    'COPY to a file': `copy (${read}) to '/tmp/stolen'`,
    'COPY to a program': `copy (${read}) to program 'cat'`,
    'COPY from a file': `copy ${table} (tenant_id, id, body) from '/etc/passwd'`,
    // The tables themselves.
    'row security, disabled': `alter table ${table} disable row level security`,
    'the policy, dropped': `drop policy tenancy_isolation on ${table}`,
    'a policy more': `create policy open on ${table} using (true)`,
    'the check, replaced': "create or replace function zakops_tenancy.current_tenant() returns text language sql as 'select ''globex'''",
    'a function of its own': `create function mine() returns text language plpgsql as $$ begin perform ${BE_GLOBEX}; return (select string_agg(body, ',') from ${table}); end $$`,
    'a table in front': `create temp table docs as ${read}`,
    'an operator in front': 'create operator pg_temp.= (leftarg = bytea, rightarg = bytea, function = byteacat)',
    TRUNCATE: `truncate ${table}`,
    'a setting of the role': "alter role current_user set app.tenant_id = 'globex'",
    'a setting of the database': "alter database postgres set app.tenant_id = 'globex'",
    'EXPLAIN ANALYZE': `explain (analyze, verbose) select body from ${first(BE_GLOBEX)}, ${table} where body like 'treasure%'`,
    LOCK: `lock table ${table}`,
    // Errors and answers that tell.
    'an error that quotes': byId(`0 or (select body::int from ${first(BE_GLOBEX)}, ${table} where body like 'treasure%' limit 1) = 1`),
    'an error that quotes a query of its own': byId(`0 or query_to_xml('select body::int from ${table} where body like ''treasure%''', true, true, '') is null and ${BE_GLOBEX} is null`),
    'a division by what is there': byId(`0 union all select 1, case when exists (select from ${first(BE_GLOBEX)}, ${table} where body like 'treasure%') then ${FOUND} end`),
    'a statistic': 'select most_common_vals::text from pg_stats where tablename = \'docs\'',
    'what others are doing': byId("0 union all select 1, string_agg(query, ' ') from pg_stat_activity"),
    'what is prepared': byId("0 union all select 1, string_agg(statement, ' ') from pg_prepared_statements"),
    'files of the server': byId("0 union all select 1, pg_read_file('PG_VERSION')"),
    'large objects': byId(`0 union all select lo_from_bytea(0, (${read} limit 1)::bytea)::int, 'x'`),
    dblink: byId(`0 union all select 1, x from dblink('host=127.0.0.1', '${read}') as (x text)`),
    'a channel': byId(`0 union all select 1, pg_notify('x', (${read} limit 1))::text from ${first(BE_GLOBEX)}`),
    // Writes.
    'insert for another': `insert into ${table} (tenant_id, id, body) select 'globex', 66, 'planted' from ${first(BE_GLOBEX)}`,
    'insert with a default': `insert into ${table} (id, body) select 67, 'planted' from ${first(BE_GLOBEX)}`,
    'insert in a text': added(`'), (51, 'mine'); insert into ${table} (tenant_id, id, body) values ('globex', 68, 'planted') --`),
    'insert or update': `insert into ${table} (tenant_id, id, body) select 'globex', 1, 'stolen' from ${first(BE_GLOBEX)} on conflict (tenant_id, id) do update set body = 'stolen'`,
    update: `update ${table} d set body = 'stolen' from ${first(BE_GLOBEX)} where now is not null`,
    'update in a text': changed('stolen\', tenant_id = \'globex'),
    'update of the tenant': `update docs set tenant_id = 'globex', id = 69 where ${BE_GLOBEX} is not null`,
    'update in a materialized query': `with first as materialized (select ${BE_GLOBEX} as now), changed as (update ${table} set body = 'stolen' where (select now from first) is not null returning body) select body from changed`,
    delete: `delete from ${table} using ${first(BE_GLOBEX)} where now is not null`,
    'delete in a condition': removed(`1 or ${BE_GLOBEX} is not null`),
    'delete with a token': `delete from ${table} using ${first(FORGED)} where now is not null`,
    merge: `merge into ${table} d using ${first(BE_GLOBEX)} on d.tenant_id = now when matched then update set body = 'stolen'`,
    returning: `update docs set body = body returning (select string_agg(body, ',') from ${table} where ${BE_GLOBEX} is not null)`
  }
  return Object.entries(list).map(([name, text]) => ({ name, text }))
}
