// Tests of postgres.js's suite that do not pass against the tenant client, why that is right, and how they fail: with
// another error they count as failed.

const GROUPS = [
  {
    reason: 'debug, socket and several hosts are options of the package or of nobody: createTenancy refuses them.',
    error: /FST_TENANCY_OPTIONS_INVALID/,
    tests: ['Proper handling of non object Errors', 'Proper handling of null Errors', 'Ensure reserve on connection throws proper error',
      'Debug', 'Execute', 'Custom socket', 'Multiple hosts']
  },
  {
    reason: 'debug is not there, because it shows the parameters of every tenant.',
    error: /was false|of null/,
    tests: ['Debug has long async stack trace', 'Query and parameters are enumerable if debug is set']
  },
  {
    reason: 'A tenancy connects when it is opened, so createTenancy rejects, and the driver\'s error is the cause.',
    error: /FST_TENANCY_DATABASE_UNREACHABLE/,
    tests: ['Fail with proper error on no host', 'Connection errors are caught using begin()', 'throws correct error when authentication fails',
      'connect_timeout', 'connect_timeout error message includes host:port']
  },
  {
    reason: 'The same, and the time is one option, timeouts.connect, of at least a millisecond.',
    error: /FST_TENANCY_DATABASE_UNREACHABLE|success,,1|Result\(1\)/,
    tests: ['connect_timeout throws proper error', 'requests works after single connect_timeout']
  },
  {
    reason: 'sql.options has the parsers and serializers only, because the others are the credentials.',
    error: /'user'|was 'öla|was ','/,
    tests: ['Options from uri with special characters in user and pass']
  },
  {
    reason: 'Transaction control and prepared transactions are refused: use sql.begin(fn).',
    error: /FST_TENANCY_SQL_REFUSED/,
    tests: ['Throws on illegal transactions', 'Prepared transaction']
  },
  {
    reason: 'A statement that starts with no SQL word is refused before it is sent.',
    error: /FST_TENANCY_SQL_REFUSED|was undefined|of undefined|was false|is expected, and it was \d+/,
    tests: ['Throw syntax error', 'Cursor error', 'Async stack trace', 'Error contains query string', 'Error contains query serialized parameters',
      'Error contains query raw parameters', 'Postgres errors are of type PostgresError']
  },
  {
    reason: 'sql.unsafe takes one text with one statement; many need .simple().',
    error: /42601|exec_parse_message|FST_TENANCY_SQL_REFUSED/,
    tests: ['simple query using unsafe with multiple statements', 'Multiple statements',
      'Properly throws routine error on not prepared statements using file', 'Catches query format errors']
  },
  {
    reason: 'The tenancy ends, not one client, and says so with an error of its own.',
    error: /FST_TENANCY_CLOSED|FST_TENANCY_SQL_REFUSED/,
    tests: ['Connection ended error', 'Connection destroyed',
      'Ensure transactions throw if connection is closed dwhile there is no query']
  },
  {
    reason: 'Ending the tenancy waits for what is under way, timeouts.acquire at most, so a statement before it has its answer.',
    error: /Result\(1\)/,
    tests: ['Connection destroyed with query before']
  },
  {
    reason: 'The tenant\'s tables are not in "public", and a tenant makes no schemas.',
    error: /42P01: relation "public\.test"|FST_TENANCY_SQL_REFUSED/,
    tests: ['dynamic schema name', 'dynamic schema and table name', 'Escaping supports schemas and tables']
  },
  {
    reason: 'Replication ignores row security.',
    error: /FST_TENANCY_SQL_REFUSED/,
    tests: ['subscribe', 'subscribe with transform', 'subscribe reconnects and calls onsubscribe']
  },
  {
    reason: 'Large objects belong to no tenant.',
    error: /FST_TENANCY_SQL_REFUSED/,
    tests: ['Large object']
  },
  {
    reason: 'What a session has prepared is the SQL of every tenant on the connection, and no tenant may look at it.',
    error: /FST_TENANCY_SQL_REFUSED: What a session has prepared/,
    tests: ['Automatically creates prepared statements', 'no_prepare: true disables prepared statements (deprecated)', 'prepare: false disables prepared statements',
      'prepare: true enables prepared statements', 'prepares unsafe query when "prepare" option is true', 'does not prepare unsafe query by default']
  },
  {
    reason: 'No tenant may end a session: it serves many. test/integration/channels.test.ts ends the one that listens, as a superuser.',
    error: /FST_TENANCY_SQL_REFUSED: Ending and cancelling sessions/,
    tests: ['multiple listeners work after a reconnect', 'listen reconnects', 'listen result reports correct connection state after reconnection']
  },
  {
    reason: 'Notices are not written to the console; onnotice gets them.',
    error: /'severity'/,
    tests: ['notice']
  },
  {
    reason: 'onparameter is called while the tenancy opens, and this test listens later.',
    error: /timed out/,
    tests: ['responds with server parameters (application_name)']
  },
  {
    reason: 'A COPY has its connection alone: with one connection in all, the query beside it waits and is not refused.',
    error: /timed out/,
    tests: ['query during copy error']
  }
]

/** Why a test is refused and how it fails, by its name. */
export const REFUSALS = new Map(GROUPS.flatMap(({ tests, ...refusal }) => tests.map((name) => [name, refusal])))
