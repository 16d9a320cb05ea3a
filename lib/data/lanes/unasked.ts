import { BACKEND, characterProblem } from '../wire/index.ts'

/** Tells whether a message comes at any time, whatever was asked. */
export function isUnasked (type: number): boolean {
  return type === BACKEND.parameterStatus || type === BACKEND.notification
}

/** Judges a message that belongs to no statement. Nobody hears of it, but it may end the connection. */
export function judgeUnasked (type: number, chunk: Buffer, at: number, length: number): 'swallow' | 'kill' {
  if (type === BACKEND.parameterStatus) return characterProblem(chunk.subarray(at, at + length)) === undefined ? 'swallow' : 'kill'
  return type === BACKEND.notice || type === BACKEND.notification ? 'swallow' : 'kill'
}
