import { PassThrough } from 'node:stream'
import t from 'tap'
import { fail, plainError } from '../../../../lib/faces/cli/failure.ts'
import { Secrets } from '../../../../lib/faces/cli/secrets.ts'
import { CommandUsageError, DatabaseUnreachableError, MigrationRunUnknownError, MoveInterruptedError, NotSetUpError } from '../../../../lib/words/errors/index.ts'

const secrets = new Secrets({ DATABASE_URL: 'postgres://app:a-secret@host/db' })

function ends (error: unknown, isJson: boolean): readonly [code: number, out: string, err: string] {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const code = fail({ env: {}, cwd: '/', stdin: new PassThrough(), stdout, stderr }, error, { secrets, isJson })
  return [code, String(stdout.read() ?? ''), String(stderr.read() ?? '')]
}

t.test('plainError()', async (t) => {
  t.test('says what led to it, without secrets', async (t) => {
    const cause = new Error('cannot log in with a-secret', { cause: new AggregateError([new Error('one'), new Error('two')]) })
    t.match(plainError(new DatabaseUnreachableError({ cause }), secrets), { code: 'FST_TENANCY_DATABASE_UNREACHABLE', because: ['cannot log in with [hidden]', 'one, two'] })
  })

  t.test('gives what is not ours a code of ours', async (t) => {
    t.same(plainError(new Error('a-secret is wrong'), secrets), { code: 'FST_TENANCY_CLI_FAILED', message: 'The command failed: [hidden] is wrong' })
    t.match(plainError('a text that was thrown', secrets), { message: /a text that was thrown/ })
  })

  t.test('tells what to write on the command line, where an error tells what to call', async (t) => {
    t.match(plainError(new MigrationRunUnknownError(), secrets).message, 'or of "zakops-tenancy status --json", or')
    const cause = new NotSetUpError({ cause: new Error('function move() does not exist') })
    const { message, because } = plainError(new MoveInterruptedError({ cause }), secrets)
    t.match(message, 'call "zakops-tenancy move" with this tenant again to go on, or "zakops-tenancy move --undo".')
    t.match(because, [/run "zakops-tenancy init --yes" on it once/, 'function move() does not exist'], 'and what the server said stays as it is')
  })

  t.test('ends a chain of causes that has no end', async (t) => {
    const error = new Error('again')
    error.cause = error
    t.equal(plainError(error, secrets).because?.length, 5)
  })
})

t.test('fail()', async (t) => {
  t.test('returns 2 for a wrong use and 1 for everything else', async (t) => {
    t.match(ends(new CommandUsageError('nobody knows this'), false), [2, '', /^error: nobody knows this\. See .*\n$/])
    t.match(ends(new DatabaseUnreachableError({ cause: new Error('no\u001b[2J\nway') }), false), [1, '', /^error: .*\nbecause: no \[2J way\n$/])
  })

  t.test('prints one document', async (t) => {
    const [code, out, err] = ends(new DatabaseUnreachableError(), true)
    t.same([code, err, Object.keys(JSON.parse(out))], [1, '', ['error']])
    t.match(out, /^[^\n]+\n$/)
  })
})
