// Module hooks: what the suite imports of its own – its runner, its bootstrap and the driver – is ours instead.
let replacements = new Map()
let suite = ''

export function initialize (data) {
  suite = data.suite
  replacements = new Map(Object.entries(data.replacements))
}

export async function resolve (specifier, context, nextResolve) {
  const url = context.parentURL === suite ? replacements.get(specifier) : undefined
  return url === undefined ? await nextResolve(specifier, context) : { url, shortCircuit: true }
}
