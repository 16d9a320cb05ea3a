import t from 'tap'
import { isVerifierOf, verifierOf } from '../../../../lib/operations/roles/verifier.ts'

// The keys of the example of RFC 7677: user "user", password "pencil".
const PENCIL = 'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU='

t.test('verifierOf()', async (t) => {
  t.test('makes what RFC 7677 says', async (t) => {
    t.equal(verifierOf('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')), PENCIL)
  })

  t.test('has a salt of its own each time', async (t) => {
    t.not(verifierOf('pencil'), verifierOf('pencil'))
  })

  t.test('takes two spellings of one text for one password', async (t) => {
    t.ok(isVerifierOf(verifierOf('\u00e9'), 'e\u0301'))
  })
})

t.test('isVerifierOf()', async (t) => {
  t.test('knows the password, and no other', async (t) => {
    t.ok(isVerifierOf(PENCIL, 'pencil'))
    t.notOk(isVerifierOf(PENCIL, 'Pencil'))
    t.ok(isVerifierOf(verifierOf('pencil', Buffer.from('salt'), 1), 'pencil'))
  })

  t.test('knows nothing of what is no verifier', async (t) => {
    for (const stored of ['', 'pencil', 'md5a2b8c1d7', 'SCRAM-SHA-256$0:c2FsdA==$x:y', 'SCRAM-SHA-256$4096:c2FsdA==']) t.notOk(isVerifierOf(stored, 'pencil'), stored)
  })
})
