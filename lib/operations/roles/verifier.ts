import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'

/** What PostgreSQL uses when it makes a verifier itself. */
const ITERATIONS = 4096
const SALT_BYTES = 16
const KEY_BYTES = 32

const VERIFIER = /^SCRAM-SHA-256\$(?<iterations>[0-9]{1,8}):(?<salt>[A-Za-z0-9+/=]+)\$/

/**
 * Returns what the server keeps of a password (RFC 5803). It takes one for the password itself in `alter role`, so the
 * password never comes into its log, its statistics or `pg_stat_activity`.
 */
export function verifierOf (password: string, salt: Buffer = randomBytes(SALT_BYTES), iterations: number = ITERATIONS): string {
  // The server does the same to passwords that it is given.
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, iterations, KEY_BYTES, 'sha256')
  const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64')
  const serverKey = hmac(salted, 'Server Key').toString('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`
}

/** Tells whether `stored` is a verifier of this password. */
export function isVerifierOf (stored: string, password: string): boolean {
  const { iterations, salt } = VERIFIER.exec(stored)?.groups ?? {}
  if (iterations === undefined || salt === undefined || Number(iterations) === 0) return false
  return verifierOf(password, Buffer.from(salt, 'base64'), Number(iterations)) === stored
}

function hmac (key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
