import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import t from 'tap'
import { writeNew } from '../../../../lib/faces/cli/files.ts'
import type { Io, TextStream } from '../../../../lib/faces/cli/io.ts'
import { showOutcome } from '../../../../lib/faces/cli/output.ts'
import { count, errorId, rate, runId, tenantId, tenantIds, text } from '../../../../lib/faces/cli/readers.ts'
import { Values, given } from '../../../../lib/faces/cli/values.ts'

const ioIn = (cwd: string, stdout: TextStream = new PassThrough()): Io => ({ env: {}, cwd, stdin: new PassThrough(), stdout, stderr: new PassThrough() })

t.test('what is written behind a command', async (t) => {
  t.test('is read, or refused before anything connects', async (t) => {
    t.equal(tenantId('acme'), 'acme')
    t.same(tenantIds('globex', ['acme']), ['acme', 'globex'])
    t.same(tenantIds('globex', undefined), ['globex'])
    t.equal(count(1, 10)('7', undefined), 7)
    t.equal(rate('.25'), 0.25)
    t.equal(runId('0F8fad5b-d9cb-469f-a165-70867728950e'), '0F8fad5b-d9cb-469f-a165-70867728950e')
    t.equal(errorId('0123456789abcdef'), '0123456789abcdef')
    t.equal(text('me'), 'me')
    for (const refused of [() => tenantId('a b'), () => tenantIds('', undefined), () => count(1, 10)('11', undefined), () => count(1, 10)('1.5', undefined), () => rate('1.1'), () => rate('a'),
      () => runId('1'), () => errorId('0123456789ABCDEF'), () => text(' ')]) t.throws(refused, { code: 'commander.invalidArgument' })
  })

  t.test('is found by its name, as what it is and as nothing else', async (t) => {
    const values = new Values({ yes: true, name: 'x', jobs: 2, tags: ['a', 1], isolation: 'rls', tag: 'eu', server: 'one' })
    t.same([values.flag('yes'), values.flag('name'), values.text('name'), values.text('jobs'), values.number('jobs'), values.number('name'), values.list('tags'), values.list('name')],
      [true, false, 'x', undefined, 2, undefined, ['a', '1'], undefined])
    t.equal(values.isolation, 'rls')
    t.same(values.server, { tag: 'eu' }, 'a tag decides')
    t.equal(new Values({ server: 'one', isolation: 'tables' }).server, 'one')
    t.equal(new Values({ isolation: 'tables' }).isolation, undefined)
    t.throws(() => values.required('jobs'), { code: 'FST_TENANCY_CLI_USAGE' })
    t.equal(values.required('name'), 'x')
    t.same([given('a', 1), given('a', undefined)], [{ a: 1 }, {}])
  })
})

t.test('writeNew()', async (t) => {
  t.test('writes for nobody else to read, and nothing over what is there', async (t) => {
    const io = ioIn(t.testdir())
    await writeNew(io, 'deep/new.txt', 'new')
    t.equal((await stat(join(io.cwd, 'deep/new.txt'))).mode & 0o777, 0o600)
    await t.rejects(writeNew(io, 'deep/new.txt', 'other'), { code: 'FST_TENANCY_CLI_FILE_EXISTS' })
    t.equal(await readFile(join(io.cwd, 'deep/new.txt'), 'utf8'), 'new')
  })

  t.test('says what is wrong where it cannot be written', async (t) => {
    const io = ioIn(t.testdir({ file: '' }))
    await t.rejects(writeNew(io, 'file/new.txt', 'new'), { code: /EEXIST|ENOTDIR/ })
    await t.rejects(writeNew(io, 'long'.repeat(100), 'new'), { code: 'ENAMETOOLONG' })
  })
})

t.test('showOutcome()', async (t) => {
  const shown = (outcome: Parameters<typeof showOutcome>[1], isJson: boolean, isTTY = false): string => {
    const stdout = Object.assign(new PassThrough(), { isTTY })
    showOutcome(ioIn('/', stdout), outcome, isJson)
    return String(stdout.read() ?? '')
  }
  const outcome = { json: { bytes: 5n, rows: [1] }, lines: ['Done.'], rows: [{ tenant: 'acme', rows: 1 }, { tenant: 'glo\u001B[31mbex\n', note: 'x' }] }

  t.test('prints one document for programs', async (t) => t.equal(shown(outcome, true), '{"bytes":"5","rows":[1]}\n'))

  t.test('prints lines and columns for people, without what would do something to a terminal', async (t) => {
    t.equal(shown(outcome, false), 'Done.\ntenant\trows\tnote\nacme\t1\t\nglo [31mbex \t\tx\n')
    const table = shown(outcome, false, true)
    for (const cell of ['tenant', 'acme', 'glo [31mbex', 'note']) t.match(table, cell)
    t.notMatch(table, 'glo\u001B')
    t.equal(shown({ json: {} }, false), '')
  })
})
