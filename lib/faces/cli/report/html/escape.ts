const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Returns a text of somebody else's for a page: it cannot become an element, leave an attribute, or turn the text around. */
export function escape (text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '').replaceAll(/[\p{Cc}\p{Cf}]/gu, (character) => character === '\n' ? '\n' : '\uFFFD')
}
