import type { Check } from '../../check.ts'

export const ownedSchemaCheck: Check = {
  name: 'role-owns-schema',
  severity: 'fatal',
  isAtStart: true,
  message: 'The role owns a schema: it can drop the tables in it and put others in their place.',
  sql: `
    select n.nspname as object, format('alter schema %s owner to %s', n.name, p.owner) as repair
    from ns n cross join place p join me m on m.oid = n.nspowner`
}
