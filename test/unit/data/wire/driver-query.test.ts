import t from 'tap'
import { letResultsBeCompiled } from '../../../../lib/data/wire/driver-query.ts'
import { hasFastProperties } from '../../../support/v8.ts'

t.test('a class of results that V8 would not compile is one that it compiles', async (t) => {
  class Result extends Array {
    static override get [Symbol.species] () { return Array }
  }
  t.notOk(hasFastProperties(Result), 'as it was written')
  letResultsBeCompiled(new Result())
  t.ok(hasFastProperties(Result))
  t.equal(Result[Symbol.species], Array, 'nothing else about it has changed')
  t.same(Object.getOwnPropertyNames(Result), ['length', 'name', 'prototype'])
})
