import type { Check } from '../../check.ts'

export const preparedTransactionsCheck: Check = {
  name: 'setting-prepared-transactions',
  severity: 'warning',
  isAtStart: false,
  message: 'Transactions can be prepared: one that nobody ends keeps its locks for ever, in front of every tenant (G-09).',
  sql: `
    select 'max_prepared_transactions' as object, 'alter system set max_prepared_transactions = 0; -- and restart the server' as repair
    from pg_settings s where s.name = 'max_prepared_transactions' and s.setting <> '0'
    union all
    select 'prepared transaction ' || x.gid, format('rollback prepared %L', x.gid) from pg_prepared_xacts x where x.database = current_database()`
}
