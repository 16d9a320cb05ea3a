import type { TenancyLogger } from 'zakops-tenancy'

/** Warnings of the start would stand in the middle of the table; errors have to. */
export const quiet: TenancyLogger = { info () {}, warn () {}, error: (details, message) => console.error(message, details) }
