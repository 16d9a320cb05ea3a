import t from 'tap'
import { testLoadedMove } from '../support/loaded-move.ts'

testLoadedMove(t, 'rls', 'schema+rls')
testLoadedMove(t, 'schema+rls', 'rls')
