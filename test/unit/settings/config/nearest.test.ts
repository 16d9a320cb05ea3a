import t from 'tap'
import { nearest } from '../../../../lib/settings/config/nearest.ts'

const OPTIONS = ['mode', 'tenantId', 'enforce', 'database', 'isolation', 'claim', 'timeouts']

t.test('nearest()', async (t) => {
  t.test('finds the word that was meant', async (t) => {
    t.equal(nearest('isolaton', OPTIONS), 'isolation')
    t.equal(nearest('TENANTID', OPTIONS), 'tenantId')
    t.equal(nearest('databse', OPTIONS), 'database')
    t.equal(nearest('modes', OPTIONS), 'mode')
  })

  t.test('prefers the nearest of several', async (t) => {
    t.equal(nearest('claimm', ['clam', 'claim', 'clasp']), 'claim')
  })

  t.test('suggests nothing where no word is near', async (t) => {
    t.equal(nearest('xyzzy', OPTIONS), undefined)
    t.equal(nearest('', OPTIONS), undefined)
    t.equal(nearest('mode', []), undefined)
  })
})
