import t from 'tap'
import { citusDialect, citusSettings, lockedDialect } from '../../../../lib/data/wire/index.ts'
import { setLocal } from '../../../../lib/data/wire/set-local.ts'
import { parseTenantId } from '../../../../lib/words/names.ts'
import type { TenantSettings } from '../../../../lib/words/types.ts'

const ACME: TenantSettings = { tenantId: parseTenantId('acme'), schema: 'tenant_acme', searchPath: '"tenant_acme", "extensions", pg_temp' }

t.test('settings as literals', async (t) => {
  t.test('are statements of their own, and on Citus one is in front that sends them on', async (t) => {
    t.same(setLocal(ACME), ['set local search_path to "tenant_acme", "extensions", pg_temp', "set local app.tenant_id to 'acme'"])
    t.same(citusSettings(ACME), ["set local citus.propagate_set_commands to 'local'", ...setLocal(ACME)])
    t.equal(setLocal({ ...ACME, searchPath: 'pg_catalog, pg_temp', tenantId: '' }).at(-1), "set local app.tenant_id to ''")
  })

  t.test('are refused where they are not of the alphabet that can be written as it is', async (t) => {
    for (const searchPath of ['', 'tenant_acme', '"a"b"', '"a"; drop table x', '"a", public', '"a\'b"', '"a" ,"b"', '"a"\n', `"${'a'.repeat(64)}"`, '"ä"']) {
      t.throws(() => setLocal({ ...ACME, searchPath }), TypeError, searchPath)
    }
    for (const tenantId of ["a'b", 'a b', 'a\\', 'ä', 'a;b', 'a'.repeat(57)]) {
      // What a caller without types could give.
      t.throws(() => setLocal(Object.assign({ ...ACME }, { tenantId })), TypeError, tenantId)
      for (const dialect of [citusDialect, lockedDialect]) t.throws(() => dialect({ isNamed: true }).frameOf(Object.assign({ ...ACME }, { tenantId })), TypeError)
    }
  })

  for (const [name, dialect, statements] of [['citus', citusDialect, 3], ['locked', lockedDialect, 2]] as const) {
    t.test(`come back with a number in the place that is said (${name})`, async (t) => {
      for (const isNamed of [true, false]) {
        const frame = dialect({ isNamed }).frameOf(ACME)
        const { request, nonceAt, replies, row, inText } = frame.current()
        t.equal(frame.isEnclosed, true, 'they last for a transaction, and there has to be one')
        const numbered = Buffer.from(request)
        numbered.writeInt32BE(0x12345678, nonceAt)
        const found = [...numbered.keys()].filter((at) => at + 4 <= numbered.length && numbered.readInt32BE(at) === 0x12345678)
        t.same(found, [nonceAt])
        t.equal(numbered.readInt32BE(nonceAt - 4), 4, 'behind its length')
        t.match(row.toString('latin1'), 'tenant_acme, extensions, pg_temp', 'without the quotes, which the server writes where it needs them')
        t.equal(String.fromCharCode(...replies), `${'12C'.repeat(statements)}${isNamed ? '' : '1'}2DC`)
        t.equal(inText, undefined, 'and never in a text')
      }
    })

    t.test(`are checked by what a connection prepares once, under a name that nobody guesses (${name})`, async (t) => {
      const [first, second] = [dialect({ isNamed: true }), dialect({ isNamed: true })]
      t.match(first.setUp.toString('latin1'), /zakops_[0-9a-f]{24}\0select/)
      t.not(first.setUp.toString('latin1'), second.setUp.toString('latin1'))
      t.equal(dialect({ isNamed: false }).setUp.length, 0, 'a pooler would not know it the next time')
    })
  }
})
