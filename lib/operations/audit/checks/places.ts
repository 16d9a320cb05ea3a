import { CONTROL_SCHEMA, TENANT_COLUMN, quoteLiteral } from '../../../words/names.ts'

/** Whether the schema `n` holds tables with rows of tenants, or the registry. */
export const TENANT_SCHEMA_SQL = `n.nspname like 'tenant\\_%' or n.nspname = ${quoteLiteral(CONTROL_SCHEMA)} or exists (
  select 1 from pg_class t join pg_attribute a on a.attrelid = t.oid
  where t.relnamespace = n.oid and t.relkind in ('r', 'p') and a.attname = ${quoteLiteral(TENANT_COLUMN)} and a.attnum > 0)`

/** Whether the table `c` of the schema `n` holds rows of tenants. */
export const TENANT_TABLE_SQL = `n.nspname like 'tenant\\_%' or c.relrowsecurity or exists (
  select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = ${quoteLiteral(TENANT_COLUMN)} and a.attnum > 0)`
