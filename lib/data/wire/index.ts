export { type ServerFacts, probeServer } from './probe.ts'
export { Description } from './description.ts'
export { type Driver, type Execute, openDriver } from './driver.ts'
export { type DriverQuery, type DriverQueryClass, isDriverHelper, isDriverQuery, queryClassOf } from './driver-query.ts'
export { type ErrorFields, errorFields, errorMessage, isFatal, repositioned } from './error-fields.ts'
export { type MessageGroup, isEnd, isNextRows, readGroup } from './frontend.ts'
export type { OpenSocket } from './login-socket.ts'
export {
  BACKEND, EXECUTE, FLUSH, FRONTEND, HEADER, IDLE, SYNC, TERMINATE, bareStatement, closeOf, describeOf, descriptionReply, emptyReply, lengthAt, message, parseOf, queryOf, readyForQuery
} from './messages.ts'
export { SCHEMA_IS_MISSING, type SettingsDialect, type SettingsFrame, postgresDialect } from './settings-frame.ts'
export { type StatementKind, isCommit, isExpectedTag, kindOfStatement, kindOfText, refusalOf } from './statement-kinds.ts'
