// In place of the suite's bootstrap.js, which calls createdb and psql: what stage.js has made is there already.
import { sendAsAdmin } from './stage.js'

export async function exec (program, [flag, text]) {
  if (program !== 'psql' || flag !== '-c') throw new Error(`${program} is not there`)
  await sendAsAdmin(text)
}
