import type { CommandContext, CommandSpec } from '../command.ts'
import type { Outcome } from '../output.ts'
import { type NewFile, planFiles, writeFiles } from '../start/new-files.ts'
import { type SetUpPlan, planSetUp, setUpServers } from '../start/set-up-plan.ts'

export const init: CommandSpec = {
  name: 'init',
  description: 'Show what a service begins with: a configuration file, folders for migrations, and how the databases would be set up.',
  options: [
    { flags: '--write', description: 'write the files; those that are there stay as they are' },
    { flags: '-y, --yes', description: 'set the databases up, as ADMIN_DATABASE_URL: the roles that the other URLs name, with their passwords, and the registry; again after each update of this package' }
  ],
  run: async (context) => {
    const { io, values } = context
    const files = planFiles(io, values.text('config'))
    if (values.flag('write')) await writeFiles(io, files)
    const plan = await planOrProblem(context)
    return outcomeOf(context, files, plan)
  }
}

/** A preview goes on without settings: they may be what is going to be written. */
async function planOrProblem ({ config, values, plainError, progress }: CommandContext): Promise<SetUpPlan | string> {
  if (values.flag('yes')) return await setUpServers(await config(), (server) => progress.show({ done: 0, total: 0, what: `setting up ${server}` }))
  return await config().then(planSetUp, (error: unknown) => plainError(error).message)
}

function outcomeOf ({ values }: CommandContext, files: readonly NewFile[], plan: SetUpPlan | string): Outcome {
  const [isWritten, isDone] = [values.flag('write'), values.flag('yes')]
  const servers = typeof plan === 'string' ? [] : plan
  return {
    json: { files: files.map(({ file, isThere, text }) => ({ file, isThere, text })), isWritten, servers, isDone, ...(typeof plan === 'string' ? { problem: plan } : {}) },
    lines: [
      ...files.map(({ file, isThere }) => isThere ? `${file} is there and stays as it is` : `${file} ${isWritten ? 'was written' : 'would be written'}`),
      ...(typeof plan === 'string' ? [`the databases cannot be looked at yet: ${plan}`] : servers.map((server) => lineOf(server, isDone))),
      ...(isWritten || files.every(({ isThere }) => isThere) ? [] : ['--write writes the files.']),
      ...(isDone ? [] : ['--yes sets the databases up.'])
    ],
    // Without the registry's server nothing was set up.
    isFailed: isDone && servers[0]?.problem !== undefined
  }
}

function lineOf ({ server, owner, app, operator, problem }: SetUpPlan[number], isDone: boolean): string {
  if (problem !== undefined) return `${server} is left out: ${problem}`
  const roles = `owner ${owner}, application ${app}${operator === undefined ? '' : `, operator ${operator}`}`
  return `${server} ${isDone ? 'is set up' : 'would be set up'}: ${roles}`
}
