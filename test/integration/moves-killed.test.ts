import t from 'tap'
import { testKilledAt } from '../support/killed-move.ts'

testKilledAt(t, 'copying', 1)
testKilledAt(t, 'copying', 3)
