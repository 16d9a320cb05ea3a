import t from 'tap'
import { testKilledAt } from '../support/killed-move.ts'

testKilledAt(t, 'switching', 1)
