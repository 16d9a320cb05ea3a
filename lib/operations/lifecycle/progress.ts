import type { TenantId } from '../../words/types.ts'

/** How far a deletion is. */
export interface DeletionProgress {
  readonly tenantId: TenantId
  /** What is done at the moment: rows are counted, or foreign keys, objects of the schema or rows are deleted. */
  readonly step: 'count' | 'foreign keys' | 'objects' | 'rows'
  /** How many of these are done. */
  readonly done: number
  /** How many there are; 0 where that is not known. */
  readonly total: number
}

/** Called after each batch; what it throws stops the work, which can be run again. */
export type OnProgress = (progress: DeletionProgress) => void
