import { headerOf, summaryOf } from './message.ts';
import type { Endpoint, TracedMessage } from './types.ts';

/** A column is as wide as this many characters; what is longer is cut. */
const COLUMN = 34;
const TIME = 11;
const MAX_COLUMNS = 8;

/**
 * A call's SIP as a ladder: a column for the gateway, one for everybody else in the order in which they come in, a line a
 * message. Under it what a Reason header says. Nothing in a line can move a terminal's cursor.
 */
export function ladder(messages: readonly TracedMessage[]): string[] {
  const first = messages[0];
  if (first === undefined) return [];
  const parties = [...new Set(messages.map(({ remote }) => nameOf(remote)))].slice(0, MAX_COLUMNS);
  // The caller on the left of the gateway, whom it called on the right.
  const columns = [...parties.slice(0, 1), 'gateway', ...parties.slice(1)];
  const gateway = columns.indexOf('gateway');
  const bars = (from: string): string => {
    let line = from;
    for (let column = 0; column < columns.length; column += 1) line = `${line.padEnd(position(column))}|`;
    return line;
  };
  const lines = [heads(columns), bars('')];
  for (const message of messages) {
    const party = columns.indexOf(nameOf(message.remote));
    const time = `+${((message.at - first.at) / 1_000).toFixed(3)}`;
    if (party < 0) lines.push(`${time}  ${summaryOf(message.text)} (${nameOf(message.remote)})`);
    else lines.push(arrow(bars(time), position(gateway), position(party), message));
    const reason = headerOf(message.text, 'reason');
    if (reason !== null) lines.push(`${' '.repeat(TIME)}  Reason: ${reason}`);
  }
  return lines.map(plain);
}

function heads(columns: readonly string[]): string {
  return columns.reduce((line, name, column) => `${line.padEnd(position(column) - 1)}${name}`, '');
}

/** Where a column's bar stands. */
function position(column: number): number {
  return TIME + column * COLUMN;
}

/** Writes the summary between the two bars that it goes between, with its head at the one that it goes to. */
function arrow(line: string, gateway: number, party: number, { way, text }: TracedMessage): string {
  const [left, right] = gateway < party ? [gateway, party] : [party, gateway];
  const toRight = (way === 'sent') === gateway < party;
  const room = right - left - 6;
  const summary = summaryOf(text)
    .slice(0, room)
    .padEnd(room, '-')
    .replace(/(?<! )(-+)$/, ' $1')
    .slice(0, room);
  const drawn = toRight ? `-- ${summary}->` : `<- ${summary}--`;
  return `${line.slice(0, left + 1)}${drawn.slice(0, right - left - 1)}${line.slice(right)}`;
}

function nameOf({ address, port }: Endpoint): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Control and format characters come from SIP. */
function plain(line: string): string {
  return line.replaceAll(/\p{C}/gu, '·');
}
