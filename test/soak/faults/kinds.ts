/** What a connection can be in the middle of when it breaks. */
export const POINTS = {
  'at log-in': ['cut', 'reset', 'stall'],
  'before a statement': ['cut', 'reset', 'stall'],
  'after a statement': ['cut', 'reset', 'stall'],
  'in the middle of an answer': ['cut', 'reset'],
  'in a transaction': ['cut', 'reset', 'stall'],
  'before commit': ['cut', 'reset'],
  'after commit': ['cut', 'reset', 'stall'],
  // Somebody's own, on a connection that he has reserved.
  'after a commit in a text': ['cut', 'reset'],
  'in a copy in': ['cut', 'reset'],
  'in a copy out': ['cut', 'reset'],
  'in a cursor': ['cut', 'reset'],
  'while idle': ['cut', 'reset']
} as const satisfies Readonly<Record<string, readonly Action[]>>

/** Closed, reset, or open with nothing going through any more. */
export type Action = 'cut' | 'reset' | 'stall'
export type Point = keyof typeof POINTS

/** Answers that a server never gives: what the settings and the number in front of every answer are checked for. */
export const LIES = ['drop', 'duplicate', 'swap', 'other tenant', 'other number'] as const
export type Lie = typeof LIES[number]

/** What happens to the server itself. */
export const SERVER_FAULTS = ['terminate a backend', 'stop fast', 'stop immediate', 'change a table'] as const

/** What the proxy is to do, and its name in the report. */
export type ProxyFault =
  | { readonly name: string, readonly point: Point, readonly action: Action }
  | { readonly name: string, readonly lie: Lie }

export const PROXY_FAULTS: readonly ProxyFault[] = [
  ...pointsOf().flatMap((point) => POINTS[point].map((action) => ({ name: `${action} ${point}`, point, action }))),
  ...LIES.map((lie) => ({ name: `lie: ${lie}`, lie }))
]

function pointsOf (): readonly Point[] {
  return Object.keys(POINTS).filter((name): name is Point => name in POINTS)
}
