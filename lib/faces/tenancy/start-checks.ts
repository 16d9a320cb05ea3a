import type { Enforcement } from '../../settings/enforcement/index.ts'
import { RoleUnsafeError } from '../../words/errors/index.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
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

/** Warns about options that say "many tenants" in a mode that has one: a forgotten `mode` leaves every route open. */
export function warnAboutSingleMode ({ mode, jwt, agree }: TenancyConfig, log: TenancyLogger): void {
  if (mode === 'multi' || (jwt === undefined && Object.keys(agree).length === 0)) return
  log.warn({}, 'the mode is "single", so "jwt" and "agree" are ignored and no token is asked for: set TENANT_MODE=multi if the service has many tenants')
}
