import { SqlPieces } from './sql-pieces.ts'

const QUERIES = new Set(['select', 'show', 'table', 'values'])

/** What may stand in front of a bracket and calls nothing: words of queries, and types with a length. */
const WORDS = [
  'select', 'distinct', 'all', 'any', 'some', 'in', 'exists', 'values', 'row', 'array', 'as', 'from', 'join', 'lateral', 'on', 'using', 'where', 'having', 'group', 'by', 'sets',
  'rollup', 'cube', 'over', 'filter', 'window', 'partition', 'union', 'intersect', 'except', 'and', 'or', 'not', 'is', 'between', 'like', 'ilike', 'to', 'case', 'when', 'then', 'else',
  'limit', 'offset', 'fetch', 'first', 'next', 'only', 'bernoulli', 'system', 'numeric', 'decimal', 'varchar', 'char', 'character', 'varying', 'bit', 'float', 'time', 'timestamp', 'timestamptz', 'interval'
]

/** Functions of the server that change nothing: the usual ones. */
const FUNCTIONS = [
  'abs', 'age', 'array_agg', 'array_append', 'array_cat', 'array_length', 'array_position', 'array_remove', 'array_to_json', 'array_to_string', 'avg', 'bool_and', 'bool_or', 'btrim', 'cardinality',
  'cast', 'ceil', 'ceiling', 'char_length', 'character_length', 'clock_timestamp', 'coalesce', 'concat', 'concat_ws', 'corr', 'count', 'current_database', 'current_schema', 'current_setting', 'date',
  'date_part', 'date_trunc', 'decode', 'dense_rank', 'div', 'encode', 'every', 'exp', 'extract', 'first_value', 'floor', 'format', 'gen_random_uuid', 'generate_series', 'greatest', 'grouping',
  'initcap', 'json_agg', 'json_array_elements', 'json_array_elements_text', 'json_build_array', 'json_build_object', 'json_object_agg', 'jsonb_agg', 'jsonb_array_elements', 'jsonb_array_elements_text',
  'jsonb_array_length', 'jsonb_build_array', 'jsonb_build_object', 'jsonb_each', 'jsonb_each_text', 'jsonb_extract_path_text', 'jsonb_object_agg', 'jsonb_object_keys', 'jsonb_path_exists',
  'jsonb_path_query', 'jsonb_set', 'jsonb_typeof', 'lag', 'last_value', 'lead', 'least', 'left', 'length', 'ln', 'log', 'lower', 'lpad', 'ltrim', 'make_date', 'make_interval', 'make_timestamp', 'max',
  'md5', 'min', 'mod', 'mode', 'now', 'ntile', 'nullif', 'octet_length', 'overlay', 'percent_rank', 'percentile_cont', 'percentile_disc', 'pg_sleep', 'pg_typeof', 'plainto_tsquery', 'position',
  'power', 'quote_ident', 'quote_literal', 'random', 'rank', 'regexp_match', 'regexp_matches', 'regexp_replace', 'regexp_split_to_array', 'regexp_split_to_table', 'repeat', 'replace', 'reverse',
  'right', 'round', 'row_number', 'row_to_json', 'rpad', 'rtrim', 'sha256', 'sign', 'similarity', 'split_part', 'sqrt', 'starts_with', 'statement_timestamp', 'stddev', 'string_agg', 'string_to_array',
  'strpos', 'substr', 'substring', 'sum', 'to_char', 'to_date', 'to_json', 'to_jsonb', 'to_number', 'to_timestamp', 'to_tsquery', 'to_tsvector', 'translate', 'trim', 'trunc', 'ts_headline', 'ts_rank',
  'unnest', 'upper', 'variance', 'version', 'websearch_to_tsquery', 'width_bucket'
]

const HARMLESS: ReadonlySet<string> = new Set([...WORDS, ...FUNCTIONS])

/**
 * Tells whether it is known that nothing stays of a statement: a query without INTO that calls none but functions of the
 * server which change nothing. Any other function may write, so that it says no where it cannot know.
 */
export function isRead (sql: string): boolean {
  const pieces = new SqlPieces(sql)
  if (!pieces.nextSolid() || !QUERIES.has(pieces.word)) return false
  // The last three pieces: a name in front of a bracket may have its schema and a dot in front of it.
  let [schema, dot, name] = ['', '', pieces.word]
  while (pieces.nextSolid()) {
    if (pieces.word === 'into' || (pieces.kind === 'open' && mayChange(dot === '.' ? schema : '', name))) return false
    schema = dot
    dot = name
    name = pieces.kind === 'word' ? pieces.word : pieces.text
  }
  return true
}

/** Tells whether what stands in front of a bracket is a call of something that is not known. */
function mayChange (schema: string, name: string): boolean {
  const isName = /^(?:[\p{L}_]|"|u&")/iu.test(name)
  return isName && ((schema !== '' && schema !== 'pg_catalog') || !HARMLESS.has(name))
}
