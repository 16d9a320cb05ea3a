import t from 'tap'
import { cacheProblem, comparable, foundIn, isOwn } from '../../../../../lib/faces/testing/leak-suite/detectors.ts'
import { partyOf } from '../../../../../lib/faces/testing/leak-suite/seed.ts'

const party = partyOf({ id: 'bob-1234', token: '', headers: {} }, 2, 'tenant_bob-1234')
const answer = (body: string, headers: Record<string, string> = {}) => ({ status: 200, headers, body })

t.test('a value of a tenant is seen', async (t) => {
  const { mark } = party
  for (const [form, text] of Object.entries({
    plain: mark,
    'in JSON': JSON.stringify({ title: `${mark}0` }),
    'in capitals': mark.toUpperCase(),
    'in hexadecimal': Buffer.from(`x${mark}y`).toString('hex'),
    'in base64': Buffer.from(mark).toString('base64'),
    'in base64, one byte on': Buffer.from(`a${mark}b`).toString('base64'),
    'in base64, two bytes on': Buffer.from(`ab${mark}cde`).toString('base64url')
  })) t.equal(foundIn(`… ${text} …`, party, [], ''), 'a value of a row', form)
  t.equal(foundIn('nothing of anybody', party, [], ''), undefined)
})

t.test('what the request itself said is no sighting', async (t) => {
  t.equal(foundIn('no tenant bob-1234', party, [], ''), 'the id')
  t.equal(foundIn('no tenant bob-1234', party, [], 'x-tenant-id: bob-1234'), undefined)
  t.equal(isOwn(answer(party.ink), party, party.ink), false)
  t.equal(isOwn(answer(party.mark), party, ''), true)
})

t.test('answers are compared without what differs by nature', async (t) => {
  const one = comparable(answer('no deal abcd-1 at 2024-01-02T03:04:05.678Z', { date: 'x', 'x-a': '1' }), ['abcd-1'])
  const two = comparable(answer('no deal wxyz-2 at 2025-01-02T03:04:05.678Z', { date: 'y', 'x-a': '1' }), ['wxyz-2'])
  t.equal(one, two)
})

t.test('an answer for shared caches is a problem', async (t) => {
  t.match(cacheProblem(answer('', { 'cache-control': 'public, max-age=60' })), /public/)
  t.equal(cacheProblem(answer('', { 'cache-control': 'private, max-age=60' })), undefined)
  t.equal(cacheProblem(answer('')), undefined)
})
