import type { CommandSpec } from '../command.ts'
import { adopt } from './adopt.ts'
import { archive } from './archive.ts'
import { audit } from './audit.ts'
import { claim } from './claim.ts'
import { clone } from './clone.ts'
import { create } from './create.ts'
import { deleteCommand } from './delete.ts'
import { doctor } from './doctor.ts'
import { drift } from './drift.ts'
import { exportCommand } from './export.ts'
import { importCommand } from './import.ts'
import { init } from './init.ts'
import { list } from './list.ts'
import { migrate } from './migrate.ts'
import { move } from './move.ts'
import { rename } from './rename.ts'
import { restore } from './restore.ts'
import { resume } from './resume.ts'
import { run } from './run.ts'
import { show } from './show.ts'
import { signing } from './signing.ts'
import { spares } from './spares.ts'
import { status } from './status.ts'
import { suspend } from './suspend.ts'
import { verify } from './verify.ts'
import { why } from './why.ts'

/** Every command, in the order in which the help lists them. */
export const commands: readonly CommandSpec[] = [
  init, doctor, audit, verify, why, create, list, show, rename, suspend, resume, archive, restore, deleteCommand,
  migrate, status, drift, spares, signing, move, exportCommand, importCommand, clone, claim, run, adopt
]
