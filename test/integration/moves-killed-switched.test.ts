import t from 'tap'
import { testKilledAt } from '../support/killed-move.ts'

testKilledAt(t, 'switched', 1)
