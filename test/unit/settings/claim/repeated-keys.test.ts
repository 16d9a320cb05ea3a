import t from 'tap'
import { hasRepeatedKeys } from '../../../../lib/settings/claim/index.ts'

t.test('hasRepeatedKeys()', async (t) => {
  t.test('finds a key that an object has twice', async (t) => {
    for (const json of [
      '{"a":1,"a":2}', '{"a":1,"b":{"c":[1,{"d":1,"d":2}]}}', '{"tenant_id":"acme","\\u0074enant_id":"globex"}', '{ "a" : 1 ,\n "a"\t: 1 }',
      '{"a":{"x":1},"b":2,"a":3}', '{"":1,"":2}', '{"__proto__":1,"__proto__":2}', '{"a\\"b":1,"a\\"b":2}', '[{"a":1,"a":1}]'
    ]) {
      t.doesNotThrow(() => JSON.parse(json), 'is valid JSON')
      t.ok(hasRepeatedKeys(json), json)
    }
  })

  t.test('lets the same key in different objects, and the same text in values, pass', async (t) => {
    for (const json of [
      '{}', '{"a":1,"A":2}', '{"a":{"a":{"a":1}}}', '{"x":{"id":1},"y":{"id":1}}', '{"a":"a","b":"a","c":["a","a"]}', '[{"a":1},{"a":1}]',
      '{"a":"\\"b\\":","b":1}', '{"a":"{\\"a\\":1,\\"a\\":2}"}', '{"a":"x:","b":"x:"}', '{"a\\\\":1,"a":2}', '"a"', '1', 'null', '["a","a"]'
    ]) {
      t.doesNotThrow(() => JSON.parse(json), 'is valid JSON')
      t.notOk(hasRepeatedKeys(json), json)
    }
  })
})
