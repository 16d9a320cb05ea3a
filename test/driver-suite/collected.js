// In place of the suite's test.js: collects the tests instead of running them.
export const tests = []

export function t (name, ...rest) {
  const [options, body] = rest.length > 1 ? rest : [{}, rest[0]]
  const line = Number(new Error().stack.split('\n')[2].match(/:(\d+):\d+\)?$/)[1])
  tests.push({ name, line, seconds: options.timeout ?? 5, body })
}

export const nt = () => {}
export const ot = t
