/** Longest value shown on a readable line; the JSON form has all of it. */
const MAX_VALUE_LENGTH = 300;

/** `14:03:20 WARN  the phone is gone  call=0192… peer=pbx`: a JSON log line for people. */
export function readableLine(line: string): string {
  const { time, level, msg, ...fields } = parse(line);
  const clock = typeof time === 'string' ? time.slice(11, 19) : '--:--:--';
  const shown = Object.entries(fields).map(([name, value]) => `${visible(name)}=${valueText(value)}`);
  const label = (typeof level === 'string' ? level : 'info').toUpperCase();
  const text = typeof msg === 'string' ? visible(msg) : '';
  return `${clock} ${label.padEnd(5)} ${[text, shown.join(' ')].filter(Boolean).join('  ')}\n`;
}

function parse(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return { msg: line.trimEnd() };
  }
}

function valueText(value: unknown): string {
  if (typeof value === 'string' && /^[\w+:/.@-]+$/.test(value)) return cut(value);
  if (isError(value)) return cut(visible(`${value.type}: ${value.message}`));
  return cut(visible(JSON.stringify(value)));
}

function isError(value: unknown): value is { type: string; message: string; stack: string } {
  return typeof value === 'object' && value !== null && 'stack' in value && 'message' in value && 'type' in value;
}

function cut(text: string): string {
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH)}…` : text;
}

/** Strings from SIP must not steer somebody's terminal: controls and invisible characters are written as escapes. */
function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
