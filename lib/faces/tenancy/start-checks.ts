import type { Enforcement } from '../../settings/enforcement/index.ts'
import { RoleUnsafeError } from '../../words/errors.ts'
import type { Finding, TenancyLogger, TenantMode } from '../../words/types.ts'

/**
 * Looks at what the audit found at the start. In multi mode a fatal finding ends the start; the rest is warned about.
 *
 * @throws {RoleUnsafeError} FST_TENANCY_ROLE_UNSAFE — the role can see past the isolation.
 */
export function judgeFindings (findings: readonly Finding[], mode: TenantMode, enforcement: Enforcement, log: TenancyLogger): void {
  const fatal = mode === 'multi' ? findings.filter((finding) => finding.severity === 'fatal') : []
  for (const finding of findings) {
    if (!fatal.includes(finding)) log.warn({ finding }, `audit: ${finding.message}`)
  }
  if (fatal.length > 0) enforcement.refuse(new RoleUnsafeError(fatal.map((finding) => `- ${finding.message} ${finding.repair}`).join('\n')), { findings: fatal })
}
