/**
 * Whether the function `f` in the schema `n` is the one of this package that policies ask for a tenant that is signed. It is
 * there before any policy asks it, and has to run as its owner, who alone reads the keys.
 */
export const POLICY_HELPER_SQL = "(n.kind = 'control' and f.proname = 'current_tenant' and f.pronargs = 0)"
