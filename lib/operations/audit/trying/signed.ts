import { Signer } from '../../../data/signing/index.ts'
import type { SigningConfig, TenancyConfig } from '../../../settings/config/index.ts'
import { CONTROL_SCHEMA, isTenantId, parseTenantId, quoteIdentifier } from '../../../words/names.ts'
import type { Finding } from '../../../words/types.ts'
import { CHECKED_TENANT_SQL } from '../../roles/index.ts'
import type { TryStatement } from './session.ts'
import { NOBODY } from './values.ts'

const control = quoteIdentifier(CONTROL_SCHEMA)

/**
 * Returns `attempt` as this process would send it: where it signs the tenant context, every tenant id is signed. What is no id
 * stays as it is, for nobody would sign it.
 */
export async function asSent (attempt: TryStatement, { signing }: Pick<TenancyConfig, 'signing'>): Promise<TryStatement> {
  if (signing === undefined) return attempt
  const signer = await signerHere(attempt, signing)
  return async (setting, text) => await attempt(isTenantId(setting) ? signer.sign(setting).value : setting, text)
}

/** Tries what nobody signed, or too long ago: what checks signatures in the database has to refuse each. */
export async function tryForged (attempt: TryStatement, { signing }: Pick<TenancyConfig, 'signing'>): Promise<readonly Finding[]> {
  if (signing === undefined) return []
  const id = parseTenantId(NOBODY)
  const good = (await signerHere(attempt, signing)).sign(id).value
  const forged = {
    'a signature of another key': `${good.slice(0, -64)}${'0'.repeat(64)}`,
    'one that has expired': (await signerHere(attempt, { ...signing, lifetime: -3_600_000 })).sign(id).value,
    ...(await askFirst(attempt, `select stage as answer from ${control}.signing`) === 'required' ? { 'an id without a signature': NOBODY } : {})
  }
  const taken: string[] = []
  for (const [what, value] of Object.entries(forged)) if (await askFirst(attempt, `select ${CHECKED_TENANT_SQL} as answer`, value)) taken.push(what)
  return taken.map((what) => ({
    check: 'signing-open',
    severity: 'fatal',
    object: CHECKED_TENANT_SQL.replaceAll('"', ''),
    message: `What checks the signed tenant context takes ${what}: SQL can change the tenant (R-20).`,
    repair: '-- run "zakops-tenancy init --yes", which makes the check anew; then ask who changed it'
  }))
}

async function signerHere (attempt: TryStatement, signing: SigningConfig): Promise<Signer> {
  const signer = new Signer(signing)
  const deployment = await attempt(undefined, `select deployment::text as deployment from ${control}.place`)
  if ('refusal' in deployment) throw new Error(deployment.refusal)
  signer.bind(String(deployment.rows[0]?.['deployment']))
  return signer
}

/** What a statement answers, or undefined where it is refused. */
async function askFirst (attempt: TryStatement, text: string, setting?: string): Promise<unknown> {
  const tried = await attempt(setting, text)
  return 'refusal' in tried ? undefined : tried.rows[0]?.['answer']
}
