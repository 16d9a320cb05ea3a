import neostandard from 'neostandard'

export default [
  ...neostandard({ ts: true, noJsx: true, ignores: ['dist', 'examples/dist', 'test/soak/dist', '.tap'] }),
  // The scan is tested with code that is text, templates in it included.
  { files: ['test/unit/operations/scan/**'], rules: { 'no-template-curly-in-string': 'off' } }
]
