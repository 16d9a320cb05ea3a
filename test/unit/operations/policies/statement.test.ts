import t from 'tap'
import { forceStatements, isolationCondition, policyStatements } from '../../../../lib/operations/policies/statement.ts'

t.test('policyStatements()', async (t) => {
  t.test('opens with a permissive policy and closes with a restrictive one, for reading and writing', async (t) => {
    const condition = "\"tenant_id\" = (select nullif(current_setting('app.tenant_id', true), '')::uuid)"
    t.equal(isolationCondition('uuid'), condition)
    t.same(policyStatements('"shared"."deals"', 'uuid').slice(2), [
      'create policy tenancy_grant on "shared"."deals" as permissive for all using (true) with check (true)',
      `create policy tenancy_isolation on "shared"."deals" as restrictive for all using (${condition}) with check (${condition})`
    ])
  })
})

t.test('forceStatements()', async (t) => {
  t.test('make policies hold for the owner too', async (t) => {
    t.match(forceStatements('"x"'), [/enable/, /force/])
  })
})
