import t from 'tap'
import { testLoadedMove } from '../support/loaded-move.ts'

testLoadedMove(t, 'schema+rls', 'schema+rls')
testLoadedMove(t, 'rls', 'database')
