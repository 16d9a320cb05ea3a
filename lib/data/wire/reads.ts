import { SqlPieces } from './sql-pieces.ts'

const QUERIES = new Set(['select', 'show', 'table', 'values'])

/** What may stand in front of a bracket and can be no function: words of queries, and types with a length. */
const WORDS = [
  'select', 'distinct', 'all', 'any', 'some', 'in', 'exists', 'values', 'row', 'array', 'as', 'from', 'join', 'lateral', 'on', 'using', 'where', 'having', 'union', 'intersect', 'except',
  'and', 'or', 'not', 'is', 'between', 'like', 'ilike', 'case', 'when', 'then', 'else', 'limit', 'offset', 'only', 'numeric', 'decimal', 'varchar', 'char', 'character', 'bit', 'float', 'time', 'timestamp', 'interval'
]

/** Words that are one only behind certain others; elsewhere they may be a function. */
const BEHIND: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['by', new Set(['group', 'order', 'partition'])], ['over', new Set([')'])], ['filter', new Set([')'])], ['group', new Set(['within'])], ['varying', new Set(['character', 'char', 'bit'])]
])

/** Functions of the server that change nothing: usual ones, by names that hardly anybody gives to a function that writes. */
const FUNCTIONS = [
  'abs', 'array_agg', 'array_append', 'array_cat', 'array_length', 'array_position', 'array_remove', 'array_to_json', 'array_to_string', 'avg', 'bool_and', 'bool_or', 'btrim', 'cardinality',
  'cast', 'ceil', 'ceiling', 'char_length', 'character_length', 'clock_timestamp', 'coalesce', 'concat', 'concat_ws', 'count', 'current_database', 'current_schema', 'current_setting',
  'date_part', 'date_trunc', 'dense_rank', 'extract', 'first_value', 'floor', 'gen_random_uuid', 'generate_series', 'greatest', 'grouping',
  'initcap', 'json_agg', 'json_array_elements', 'json_array_elements_text', 'json_build_array', 'json_build_object', 'json_object_agg', 'jsonb_agg', 'jsonb_array_elements', 'jsonb_array_elements_text',
  'jsonb_array_length', 'jsonb_build_array', 'jsonb_build_object', 'jsonb_each', 'jsonb_each_text', 'jsonb_extract_path_text', 'jsonb_object_agg', 'jsonb_object_keys', 'jsonb_path_exists',
  'jsonb_path_query', 'jsonb_set', 'jsonb_typeof', 'lag', 'last_value', 'lead', 'least', 'left', 'length', 'lower', 'lpad', 'ltrim', 'make_date', 'make_interval', 'make_timestamp', 'max',
  'md5', 'min', 'now', 'ntile', 'nullif', 'octet_length', 'overlay', 'percent_rank', 'percentile_cont', 'percentile_disc', 'pg_sleep', 'pg_typeof', 'plainto_tsquery', 'position',
  'quote_ident', 'quote_literal', 'random', 'regexp_match', 'regexp_matches', 'regexp_replace', 'regexp_split_to_array', 'regexp_split_to_table',
  'right', 'round', 'row_number', 'row_to_json', 'rpad', 'rtrim', 'sha256', 'split_part', 'sqrt', 'starts_with', 'statement_timestamp', 'stddev', 'string_agg', 'string_to_array',
  'strpos', 'substr', 'substring', 'sum', 'to_char', 'to_date', 'to_json', 'to_jsonb', 'to_number', 'to_timestamp', 'to_tsquery', 'to_tsvector', 'trim', 'trunc', 'ts_headline', 'ts_rank',
  'unnest', 'upper', 'variance', 'websearch_to_tsquery', 'width_bucket'
]

const HARMLESS: ReadonlySet<string> = new Set([...WORDS, ...FUNCTIONS])

/**
 * Tells whether a statement reads, as far as its text says: a query without INTO that calls none but functions of the server
 * which change nothing. Any other function may write. What views, operators and casts call is not looked for, and a function
 * of somebody's own by the name of the server's is taken for that one.
 */
export function isRead (sql: string): boolean {
  const pieces = new SqlPieces(sql)
  if (!pieces.nextSolid() || !QUERIES.has(pieces.word)) return false
  // The last three pieces: a name in front of a bracket may have its schema and a dot in front of it.
  let [third, second, last, isName] = ['', '', pieces.word, true]
  while (pieces.nextSolid()) {
    if (pieces.word === 'into' || (pieces.kind === 'open' && isName && mayWrite(third, second, last))) return false
    third = second
    second = last
    last = pieces.kind === 'word' ? pieces.word : pieces.text
    isName = pieces.kind === 'word' || last.endsWith('"')
  }
  return true
}

/** Tells whether the name `last`, in front of a bracket, is a call of something that is not known. */
function mayWrite (third: string, second: string, last: string): boolean {
  if (second === '.') return third !== 'pg_catalog' || !HARMLESS.has(last)
  return !HARMLESS.has(last) && BEHIND.get(last)?.has(second) !== true
}
