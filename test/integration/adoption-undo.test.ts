import t, { type Test } from 'tap'
import { createTenancy } from '../../lib/index.ts'
import { type AdoptionTarget, enforceAdoption, shadowAdoption, stampAdoption, undoWhole } from '../../lib/operations/adoption/index.ts'
import { ADOPTED_MIGRATIONS, type AdoptingScene, adoptingScene } from '../support/adopting.ts'
import { debianServer } from '../support/debian-server.ts'
import { dumpOf, hasPgDump, pgDump } from '../support/dump.ts'

/** Rights that somebody was given to give on, and gave on. */
async function giveOn ({ admin, oldUrl }: AdoptingScene, t: Test): Promise<void> {
  const role = `${new URL(oldUrl).username}_giver`
  await admin.unsafe(`create role ${role}; grant usage on schema zakops to ${role}; grant select on zakops.deals to ${role} with grant option; set role ${role}; grant select on zakops.deals to pg_monitor; reset role`)
  t.teardown(async () => await admin.unsafe(`drop owned by ${role} cascade; drop role ${role}`))
}

/** As a process of a service that has tenants already, or one that goes on with the adoption. */
async function opensAndEnds ({ options }: AdoptingScene): Promise<void> {
  const tenancy = await createTenancy({ ...options, log: { info () {}, warn () {}, error () {} } })
  await tenancy.close()
}

/** Goes to a stage and back, for each stage, and compares the database with what it was. */
async function thereAndBack (t: Test, target: AdoptionTarget, server?: string): Promise<void> {
  const scene = await adoptingScene(t, { ...(server === undefined ? {} : { server, hasViews: true }), options: target === 'rls' ? {} : { migrations: ADOPTED_MIGRATIONS } })
  await giveOn(scene, t)
  const dump = async (): Promise<string> => server === undefined ? await dumpOf(scene.admin) : pgDump(scene.adminUrl)
  const plan = await scene.plan(target)
  const original = await dump()
  for (const last of ['stamp', 'shadow', 'enforce'] as const) {
    t.match(await stampAdoption(scene.config, plan), { stage: 'stamped' })
    if (last !== 'stamp') t.same((await shadowAdoption(scene.config, 'zakops')).differences, [])
    await t.resolves(opensAndEnds(scene), `a process starts after ${last}`)
    if (last === 'enforce') t.match(await enforceAdoption(scene.config, 'zakops'), { stage: 'enforced' })
    t.not(await dump(), original, `${last} changes something`)
    t.match(await undoWhole(scene.config, 'zakops'), { stage: 'none' })
    t.equal(await dump(), original, `what ${last} did is undone`)
  }
  t.same([...await scene.admin`select 1 from pg_roles where rolname like 'zakops_tenancy_bridge%' and rolname like '%' || (select oid from pg_database where datname = current_database())`], [])
}

for (const target of ['schema+rls', 'schema', 'rls'] as const) {
  t.test(`undo restores the original, every row in its place, after each step towards ${target}`, async (t) => { await thereAndBack(t, target) })
}

t.test('and byte for byte, as pg_dump has it', { skip: hasPgDump ? false : 'needs PostgreSQL 15 (apt-get install postgresql-15)' }, async (t) => {
  const server = await debianServer(t)
  for (const target of ['schema+rls', 'rls'] as const) await t.test(target, async (t) => { await thereAndBack(t, target, server) })
})
