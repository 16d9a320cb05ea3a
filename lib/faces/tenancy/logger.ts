import type { TenancyLogger } from '../../words/types.ts'

/** The logger of a tenancy that was given none: what one has to know becomes a warning of the process. */
export const processLogger: TenancyLogger = {
  info () {},
  warn (details, message) { process.emitWarning(describe(details, message), { code: 'FST_TENANCY_WARNING' }) },
  error (details, message) { process.emitWarning(describe(details, message), { code: 'FST_TENANCY_ERROR' }) }
}

function describe (details: object, message: string): string {
  const error = 'err' in details && details.err instanceof Error ? `: ${details.err.message}` : ''
  return `zakops-tenancy: ${message}${error}`
}
