import type { Fault } from './fault.ts'

const both = (table: string, condition: string): string => `alter policy tenancy_isolation on ${table} using (${condition}) with check (${condition})`

/** A policy of the shared table that is written otherwise, and what comes of it. */
const written = (condition: string, ...finds: Fault['finds']): Fault => ({ plant: () => both('shared.deals', condition), finds })

const OPEN = ['policy-open-without-tenant', 'fatal', 'shared.deals'] as const
const MORE = ['policy-asks-more', 'warning', 'shared.deals'] as const
const OTHERS = ['policy-open-to-others', 'fatal', 'shared.deals'] as const
const SLOW = ['policy-defeats-index', 'warning', 'shared.deals'] as const
const SEEN = ['rows-of-others', 'fatal', 'shared.deals'] as const

/** Faults of policies: those that are missing, and those that do something else than they should. */
export const POLICY_FAULTS: Readonly<Record<string, Fault>> = {
  'a table without row security': { plant: () => 'alter table shared.deals disable row level security', finds: [['unprotected-table', 'fatal', 'shared.deals'], SEEN], repair: () => 'alter table shared.deals enable row level security' },
  'a table without force': { plant: () => 'alter table shared.approvals no force row level security', finds: [['unprotected-table', 'fatal', 'shared.approvals']] },
  'a table without its policy': { plant: () => 'drop policy tenancy_isolation on shared.approvals', finds: [['unprotected-table', 'fatal', 'shared.approvals'], ['policy-open-without-tenant', 'fatal', 'shared.approvals'], ['policy-open-to-others', 'fatal', 'shared.approvals']] },
  'a table of one tenant without its policy': {
    plant: () => 'alter table tenant_acme.deals disable row level security',
    finds: [['table-policy-missing', 'warning', 'tenant_acme.deals']]
  },
  'a table that nobody can read': { plant: () => 'drop policy tenancy_grant on tenant_acme.agent_runs', finds: [['policy-closed', 'warning', 'tenant_acme.agent_runs']] },
  'a permissive policy beside': { plant: () => 'create policy mine on shared.deals using (stage <> \'rejected\')', finds: [['policy-permissive', 'warning', 'mine on shared.deals']] },
  'a registry without row security': { plant: () => 'alter table zakops_tenancy.tenants disable row level security', finds: [['registry-open', 'fatal', 'zakops_tenancy.tenants']] },
  'a registry with another policy': {
    plant: () => 'create policy all_of_them on zakops_tenancy.tenants for select using (true)',
    finds: [['registry-open', 'fatal', 'zakops_tenancy.tenants'], ['policy-open-without-tenant', 'fatal', 'zakops_tenancy.tenants'], ['policy-open-to-others', 'fatal', 'zakops_tenancy.tenants']],
    repair: () => 'drop policy all_of_them on zakops_tenancy.tenants'
  },
  'a registry whose policy is open': {
    plant: () => "alter policy tenants_own_row on zakops_tenancy.tenants using (coalesce(nullif(current_setting('app.tenant_id', true), ''), id) = id)",
    finds: [['policy-open-without-tenant', 'fatal', 'zakops_tenancy.tenants'], ['policy-defeats-index', 'warning', 'zakops_tenancy.tenants']],
    as: 'owner'
  },
  'a table that takes rows of others': { plant: () => 'alter table tenant_globex.deals drop constraint tenancy_tenant', finds: [['table-own-rows', 'warning', 'tenant_globex.deals']] },
  'a policy that is open without a tenant': written("nullif(current_setting('app.tenant_id', true), '') is null or tenant_id = (select current_setting('app.tenant_id', true))", OPEN, SLOW, SEEN),
  'a policy that takes the row for the tenant': written("tenant_id = (select coalesce(nullif(current_setting('app.tenant_id', true), ''), tenant_id))", OPEN, SLOW, SEEN),
  'a policy that takes patterns': written("tenant_id like (select current_setting('app.tenant_id', true) || '%')", MORE, OPEN, OTHERS, SLOW, SEEN),
  'a policy that ignores letter case': written("lower(tenant_id) = (select lower(nullif(current_setting('app.tenant_id', true), '')))", OTHERS, SLOW),
  'a policy that takes a list': written("tenant_id = any ((select string_to_array(nullif(current_setting('app.tenant_id', true), ''), ','))::text[])", MORE, OTHERS),
  'a policy for which nobody is somebody': written("tenant_id is not distinct from (select current_setting('app.tenant_id', true))", OPEN, SLOW),
  'a policy that fails without a tenant': written("tenant_id = (select nullif(current_setting('app.tenant_id', true), '')) and (select current_setting('app.tenant_id')) <> ''", ['policy-fails-without-tenant', 'warning', 'shared.deals']),
  'a policy that asks for each row': written("tenant_id = nullif(current_setting('app.tenant_id', true), '')", ['policy-per-row', 'warning', 'tenancy_isolation on shared.deals']),
  'a policy that opens what another column says': written("tenant_id = (select nullif(current_setting('app.tenant_id', true), '')) or stage = 'rejected'", MORE, SLOW),
  'a policy that opens the rows of one tenant to all': written("tenant_id in ((select nullif(current_setting('app.tenant_id', true), '')), 'umbrella')", MORE, SEEN),
  'a policy that another setting opens': written("tenant_id = (select nullif(current_setting('app.tenant_id', true), '')) or (select current_setting('app.is_admin', true)) = 'on'", MORE, SLOW),
  'a policy whose function asks for another setting': {
    plant: ({ owner }) => `create function shared.tenant() returns text stable return coalesce(nullif(current_setting('app.instead', true), ''), nullif(current_setting('app.tenant_id', true), '')); alter function shared.tenant() owner to ${owner};
      ${both('shared.deals', "tenant_id = (select shared.tenant()) and (select current_setting('app.tenant_id', true)) is not null")}`,
    finds: [MORE],
    tidy: () => 'drop function shared.tenant()'
  },
  'a policy that casts the column': written("tenant_id::varchar(60)::text = (select nullif(current_setting('app.tenant_id', true), ''))", SLOW),
  'an open policy of one tenant\'s table': {
    plant: () => both('tenant_acme.approvals', "coalesce(current_setting('app.tenant_id', true), '') in ('', tenant_id)"),
    finds: [['policy-per-row', 'warning', 'tenancy_isolation on tenant_acme.approvals'], ['policy-open-without-tenant', 'warning', 'tenant_acme.approvals'], ['policy-defeats-index', 'warning', 'tenant_acme.approvals']]
  },
  'a check that lets everything in': {
    plant: () => 'alter policy tenancy_isolation on shared.deals with check (true)',
    finds: [['unprotected-table', 'fatal', 'shared.deals'], OPEN, ['policy-writes-others', 'fatal', 'shared.deals']]
  },
  'an IMMUTABLE helper': {
    plant: ({ owner }) => `create function shared.tenant() returns text language plpgsql immutable as $$ begin return nullif(current_setting('app.tenant_id', true), ''); end $$; alter function shared.tenant() owner to ${owner};
      create function shared.is_mine(text) returns boolean immutable return $1 = nullif(current_setting('app.tenant_id', true), ''); alter function shared.is_mine(text) owner to ${owner};
      alter policy tenancy_isolation on shared.deals using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')) and tenant_id = shared.tenant() and shared.is_mine(tenant_id)) with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')) and tenant_id = shared.tenant() and shared.is_mine(tenant_id))`,
    finds: [['function-immutable', 'fatal', 'shared.is_mine(text)'], ['function-immutable', 'fatal', 'shared.tenant()']],
    tidy: () => `${both('shared.deals', "tenant_id = (select nullif(current_setting('app.tenant_id', true), ''))")}; drop function shared.tenant(); drop function shared.is_mine(text)`
  }
}
