export { type LeakReport } from './report.ts'
export { type Mutation, type MutationReport, type MutationVerdict, mutateLayers } from './mutations.ts'
export { leakSuite } from './suite.ts'
export type { AppFactory, AppUnderTest, CallContext, InjectedCall, LayerVerdict, Layer, Leak, LeakSuiteOptions, RouteCall, RouteVerdict, Row, SeedContext } from './types.ts'
