import { CMDLETS } from './cmdlets/index.ts';
import { IncompleteError } from './errors.ts';
import { read } from './language/reader.ts';
import { nearest } from './suggest.ts';

/** What whoever reads lines for the command language asks about them. */

/** Whether nothing is open at the end of the text: no quote, brace or pipe. */
export function isComplete(text: string): boolean {
  try {
    read(text);
    return true;
  } catch (error) {
    return !(error instanceof IncompleteError);
  }
}

/** Whether the first word of a command line is a cmdlet, or is meant to be one. */
export function looksLikeCmdlet(word: string): boolean {
  const first = word.trim().split(/\s/)[0] ?? '';
  const verbs = /^(?:get|set|new|remove|enable|disable|search|where|select|sort|format|convertto|export|measure)-?\w/i;
  if (CMDLETS.some(({ name }) => name.toLowerCase() === first.toLowerCase())) return true;
  return (
    verbs.test(first) &&
    nearest(
      first,
      CMDLETS.map(({ name }) => name),
    ) !== null
  );
}

/** A word of the command line as the language reads it: what a POSIX shell has taken out of quotes goes back into them. */
function quoted(word: string, isFirst: boolean): string {
  if (isFirst || word === '|' || /^-[A-Za-z?]\w*:?$/.test(word)) return word;
  const [, parameter = '', value = word] = /^(-[A-Za-z]\w*:)(.*)$/s.exec(word) ?? [];
  const isPlain = /^[^\s'"`|;&<>(){}@#$\u2018-\u201e]+$/.test(value);
  const isOurs = /^\$(?:true|false|null)$/i.test(value) || /^@?\{.*\}$/s.test(value.trim());
  // A name that begins with a hyphen would be taken for a parameter's.
  if (isOurs || (isPlain && (parameter !== '' || !/^[-\u2013\u2014]\D/.test(value)))) return parameter + value;
  if (/^[-\u2013\u2014]$/.test(value)) return value;
  return `${parameter}'${value.replaceAll(/['\u2018-\u201b]/g, '$&$&')}'`;
}

/** The line that the words of a command line make. One word alone is the line itself. */
export function lineOf(words: readonly string[]): string {
  const [only] = words;
  if (words.length === 1 && only !== undefined) return only;
  return words.map((word, index) => quoted(word, index === 0)).join(' ');
}

/** Whether a line may be kept: one with a secret in it may not. */
export function mayBeRemembered(line: string): boolean {
  const parameters = [...line.matchAll(/[-\u2013\u2014]([A-Za-z]\w*)/g)].map(([, name = '']) => name.toLowerCase());
  return !CMDLETS.some((cmdlet) => {
    const isNamed = line.toLowerCase().includes(cmdlet.name.toLowerCase());
    // The line may go on with one that stands above; with its cmdlet, a beginning of the name is enough.
    return cmdlet.parameters
      .filter(({ secret }) => secret === true)
      .some(({ name }) =>
        parameters.some((one) => (isNamed ? name.toLowerCase().startsWith(one) : name.toLowerCase() === one)),
      );
  });
}
