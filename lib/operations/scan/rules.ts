import type { FindingSeverity } from '../../words/types.ts'

interface Rule {
  readonly severity: FindingSeverity
  /** What can happen. */
  readonly message: string
  /** What to do. */
  readonly repair: string
}

/** What must not be written into code, because it would be the same for every tenant, or in every environment. */
export const RULES = {
  'connection-string': {
    severity: 'fatal',
    message: 'A connection string is written into the code: every environment that runs it reaches the same database.',
    repair: 'take it from the environment (DATABASE_URL), and change the password if there is one'
  },
  'schema-name': {
    severity: 'fatal',
    message: 'A schema stands in front of a name: search_path is not asked, so every tenant gets the same object.',
    repair: 'leave the schema out (--fix does where it is safe)'
  },
  'search-path': {
    severity: 'fatal',
    message: 'The code changes search_path: what follows runs in another schema than the tenant\'s.',
    repair: 'leave it out: every statement of the tenant client has the tenant\'s path'
  },
  'set-role': {
    severity: 'fatal',
    message: 'The code changes the role: what follows runs with other rights, and other policies, than were checked.',
    repair: 'leave it out: work across tenants is runWithoutTenant(reason, fn), with a role of its own'
  },
  'tenant-setting': {
    severity: 'fatal',
    message: 'The code sets the variable that policies compare: what follows runs as the tenant that it names.',
    repair: 'use runWithTenant(id, fn)'
  },
  'set-config': {
    severity: 'fatal',
    message: 'The code changes a setting with set_config: tenant settings are set like that too.',
    repair: 'leave it out, or say with an ignore comment which setting it is and why'
  },
  'create-in-public': {
    severity: 'fatal',
    message: 'Something is made in the schema public: every tenant shares it, and no policy is put on it.',
    repair: 'make it in a migration, without a schema'
  },
  'raw-client': {
    severity: 'warning',
    message: 'A database client is opened beside the plugin: its statements have no tenant.',
    repair: 'use app.sql or tenancy.sql, or say with an ignore comment what it is for'
  },
  'file-unreadable': {
    severity: 'fatal',
    message: 'The file cannot be parsed, so nothing is known of it.',
    repair: 'correct the syntax, or leave its folder out'
  },
  'ignore-without-reason': {
    severity: 'fatal',
    message: 'An ignore comment gives no reason.',
    repair: 'write "zakops-tenancy-ignore <rule>: <reason>"'
  },
  'ignore-unknown-rule': {
    severity: 'fatal',
    message: 'An ignore comment names no rule that there is.',
    repair: 'write "zakops-tenancy-ignore <rule>: <reason>" with the name of a rule'
  },
  'ignore-unused': {
    severity: 'warning',
    message: 'An ignore comment ignores nothing any more.',
    repair: 'remove it'
  }
} as const satisfies Readonly<Record<string, Rule>>

export type RuleName = keyof typeof RULES

/** The rules that an ignore comment may name: not those about such comments. */
export function isIgnorable (name: string): name is RuleName {
  return Object.hasOwn(RULES, name) && !name.startsWith('ignore-')
}
