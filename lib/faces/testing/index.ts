export { type TestDatabaseOptions, type TestDatabaseServer, startDatabase } from './start-database.ts'
export { type TokenOptions, signToken } from './sign-token.ts'
