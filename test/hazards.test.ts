import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

// What can go wrong between a tenant and its rows, numbered: D the driver, A the context, P poolers. Each number stands in
// the name of a test, or in the comment above it, or here with the reason why it cannot.

const TEST = fileURLToPath(new URL('.', import.meta.url))

const numbered = (letter: string, count: number): readonly string[] => Array.from({ length: count }, (_, index) => `${letter}-${String(index + 1).padStart(2, '0')}`)

const HAZARDS = [...numbered('D', 24), ...numbered('A', 11), ...numbered('P', 7)]

/** Hazards that nothing here can meet, and why. */
const CANNOT_HAPPEN: Readonly<Record<string, string>> = {
  'P-04': 'track_extra_parameters restores session settings, and a tenant\'s are never any: they end with their statement\'s transaction.'
}

const tests = readdirSync(TEST, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.test.ts') && !path.startsWith('hazards'))

/** The hazards that a file names in a test's name or in a comment. */
function hazardsOf (path: string): readonly string[] {
  const text = readFileSync(join(TEST, path), 'utf8')
  const told = [...text.matchAll(/t\.test\((?:'(?:[^'\\]|\\.)*'|`[^`]*`)|\/\/.*/g)].map(([part]) => part)
  return told.flatMap((part) => part.match(/\b[DAP]-\d\d\b/g) ?? [])
}

const tested = new Set(tests.flatMap(hazardsOf))

t.test('every hazard has a test, or a reason', async (t) => {
  t.same(HAZARDS.filter((hazard) => !tested.has(hazard) && !Object.hasOwn(CANNOT_HAPPEN, hazard)), [])
})

t.test('no hazard has both, and no test names one that is not there', async (t) => {
  t.same(Object.keys(CANNOT_HAPPEN).filter((hazard) => tested.has(hazard) || !HAZARDS.includes(hazard)), [])
  t.same([...tested].filter((hazard) => !HAZARDS.includes(hazard)), [])
})
