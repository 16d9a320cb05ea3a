// In place of the driver: `postgres(options)` returns a tenant client. That call is synchronous and opening a tenancy is not,
// so a call in a test that finds its tenancy not open throws, run.js opens it, and the test starts again from the top.
import postgres from 'postgres'
import { NAME, silent } from './stage.js'

/** Tuning that lanes and timeouts do instead. Other options that belong to the package are passed on, and refused. */
const TUNING = ['max', 'idle_timeout', 'max_lifetime', 'prepare', 'no_prepare', 'connect_timeout', 'fetch_types']
const OURS = new Set(Object.values(postgres))

let createTenancy
let topOptions
let top
let topTenancy
let calls = []
let position = 0
let isRunning = false

/** Opens the client that the suite makes outside of its tests; it is there before the first of them. */
export async function openTop (create) {
  createTenancy = create
  topTenancy = await createTenancy(topOptions)
  top = withEnd(topTenancy)
  return topTenancy
}

/** A new test: nothing is open for it. */
export async function startTest () {
  await closeAll()
  calls = []
}

/** Why tenancies of this test did not open. */
export function openingErrors () {
  return calls.map(({ error }) => error).filter((error) => error !== undefined)
}

/** Starts the test's body again, with every tenancy that it has asked for opened anew. */
export async function startBody () {
  await closeAll()
  position = 0
  for (const call of calls) call.client = await open(call)
  isRunning = true
}

/** Returns whether the body asked for a tenancy that was not open. */
export function endBody () {
  isRunning = false
  return calls.some(({ client }) => client === undefined)
}

async function closeAll () {
  const closing = Promise.all(calls.map(({ tenancy }) => tenancy?.close().catch(() => {})))
  await Promise.race([closing, new Promise((resolve) => { setTimeout(resolve, 500) })])
}

async function open (call) {
  try {
    call.tenancy = await createTenancy(tenancyOptions(lateBound(call.options, () => call.options)))
    return withEnd(call.tenancy)
  } catch (error) {
    call.error = error
    return rejecting(error)
  }
}

function suiteClient (first, second) {
  const options = typeof first === 'string' ? { ...fromUrl(first), ...second } : { ...first }
  if (!isRunning && createTenancy === undefined) {
    topOptions = tenancyOptions(options)
    return forwarding(() => top)
  }
  const call = calls[position] ?? (calls[position] = { options, client: undefined })
  position++
  call.options = options
  if (call.client === undefined) throw new Error('This tenancy is not open yet.')
  return call.client
}

export default Object.assign(suiteClient, postgres)

function tenancyOptions (given) {
  const { db, database, user, username, pass, password, ...rest } = given
  const options = Object.fromEntries(Object.entries(rest).filter(([name, value]) => !TUNING.includes(name) && !(name === 'debug' && typeof value === 'boolean')))
  const secret = pass ?? password
  return {
    mode: 'multi',
    isolation: 'schema',
    log: silent,
    database: { host: 'localhost', port: 5432, database: NAME, user: user ?? username ?? NAME, ...(secret && { pass: secret }), ...options },
    lanes: { max: given.max ?? 10, perTenant: given.max ?? 10 },
    timeouts: { ...(given.connect_timeout && { connect: Math.max(1, Math.round(given.connect_timeout * 1000)) }) }
  }
}

function fromUrl (text) {
  const { hostname, port, username, password } = new URL(text.replace(/,[^/]*/, ''))
  return { host: text.includes(',') ? text.match(/\/\/([^/]*)/)[1] : hostname, ...(port && { port: Number(port) }), ...(username && { user: username }), ...(password && { pass: password }) }
}

/** The options with functions that call those of the body that runs now: its `onnotice` is not that of the body before. */
function lateBound (value, latest) {
  if (OURS.has(value) || value === null || !['object', 'function'].includes(typeof value)) return value
  if (typeof value === 'function') return function (...args) { return latest().apply(this, args) }
  if (Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, lateBound(inner, () => latest()[name])]))
}

/** A tenant client whose `end` ends its tenancy, which is what an application calls. */
function withEnd (tenancy) {
  return forwarding(() => tenancy.sql, { end: async () => await tenancy.close() })
}

function forwarding (client, own = {}) {
  return new Proxy(function () {}, {
    apply: (_target, _self, args) => Reflect.apply(client(), undefined, args),
    get: (_target, name) => name in own ? own[name] : client()[name],
    has: (_target, name) => name in client()
  })
}

/** A client of a tenancy that did not open: every query rejects with the reason. */
function rejecting (error) {
  const reject = () => {
    const query = Promise.reject(error)
    query.catch(() => {})
    return Object.assign(query, { execute: () => query, forEach: () => query })
  }
  const members = { end: async () => {}, options: undefined, then: undefined }
  return new Proxy(reject, { get: (_target, name) => name in members ? members[name] : reject })
}
