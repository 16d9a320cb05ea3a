/** What functions of the API are on the command line. */
const COMMANDS: Readonly<Record<string, string>> = {
  migrate: 'migrate',
  migrationStatus: 'status --json',
  move: 'move',
  moveUndo: 'move --undo',
  provision: 'create',
  setUpDatabase: 'init --yes'
}

/** Errors of this package tell developers what to call: whoever sits at a command line is told what to write there. */
export function inCommands (text: string): string {
  return text.replaceAll(/\b(\w+)\(\)/g, (call, name: string) => Object.hasOwn(COMMANDS, name) ? `"zakops-tenancy ${COMMANDS[name]}"` : call)
}
