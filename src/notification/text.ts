/**
 * Strings from SIP are hostile: anybody who can place a call chooses them. `plainText` makes one of them fit for a mail
 * header, a line of text or a page; `escapeHtml` is for what goes between tags or into a quoted attribute.
 */

/** No more than this many combining marks on one letter: enough for every script, too few to paint over the lines beside. */
const MAX_COMBINING_MARKS = 4;

/** Input beyond this many UTF-16 units per wanted character is not even looked at. */
const INPUT_PER_CHARACTER = 8;

const spaces = /[\s\p{Z}\p{Cc}]+/gu;
// \p{Cf} holds the bidirectional controls (which reorder what a reader sees), soft hyphens, tags; \p{Cs} lone surrogates.
// The two joiners are letters' business in Persian and in emoji.
const invisible = /[\p{Cs}\p{Cn}\p{Co}]|(?![\u200c\u200d])\p{Cf}/gu;
const marks = new RegExp(`(\\p{M}{${MAX_COMBINING_MARKS}})\\p{M}+`, 'gu');

/**
 * One line of visible text: controls, line breaks and bidirectional controls gone, runs of spaces made one, nothing that a
 * mail reader would decode, at most `maxLength` characters (code points), the last an ellipsis where some were cut off.
 */
export function plainText(text: string, maxLength: number): string {
  const clean = text
    .slice(0, maxLength * INPUT_PER_CHARACTER)
    .normalize('NFC')
    .replace(spaces, ' ')
    .replace(invisible, '')
    .replace(marks, '$1')
    .replace(/ {2,}/g, ' ')
    // The start of an encoded word (RFC 2047): readers decode it even where none may stand, e.g. between quotes.
    .replaceAll('=?', '= ?')
    .trim();
  if (clean.length <= maxLength) return clean;
  const characters = Array.from(clean);
  return characters.length <= maxLength
    ? clean
    : `${characters
        .slice(0, maxLength - 1)
        .join('')
        .trimEnd()}…`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Text for between tags or for a quoted attribute. What is not ASCII becomes a numeric reference: HTML in ASCII alone goes
 * unencoded through every mail server.
 */
export function escapeHtml(text: string): string {
  return text.replace(
    /[&<>"'\x7f]|[^\0-\x7f]/gu,
    (character) => entities[character] ?? `&#${character.codePointAt(0)};`,
  );
}
