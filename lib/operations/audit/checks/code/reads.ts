/** What the view `r` reads, itself or by way of other views. */
export const READS_SQL = 'reads join rel read on read.oid = reads.oid and reads.viewer = r.oid'
