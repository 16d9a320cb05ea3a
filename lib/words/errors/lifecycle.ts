import createError from '@fastify/error'

/** The tenant's status does not allow this; nothing was changed. */
export const TenantTransitionError = createError('FST_TENANCY_LIFECYCLE_TRANSITION',
  'A tenant that is %s cannot be changed like this (%s): from here it can only be changed by %s.', 409)

/** The id belonged to a tenant that was deleted: it is never given out again (T-05). */
export const TenantIdUsedError = createError('FST_TENANCY_LIFECYCLE_ID_USED',
  'This tenant id belonged to a tenant that was deleted, so it is never given out again: choose another one.', 409)

/** The tenant is archived, and provisioning would give its rights back; nothing was changed. */
export const TenantArchivedError = createError('FST_TENANCY_LIFECYCLE_ARCHIVED',
  'This tenant is archived: restore it to serve it again with every migration, or choose another id.', 409)

/** The tenant stopped being served while this was open: a transaction, a reserved connection, a cursor or a COPY. */
export const TenantClosedError = createError('FST_TENANCY_LIFECYCLE_TENANT_CLOSED',
  'The tenant is no longer served, so its open transactions, cursors and connections were given up and rolled back: try again when it is active.', 403)

/** Something of the tenant could not be archived, restored or deleted; what was done stays done, `cause` says why. */
export const LifecycleFailedError = createError('FST_TENANCY_LIFECYCLE_FAILED',
  'The change of this tenant is not finished: repair the cause and run it again, it goes on from where it stopped.', 500)
