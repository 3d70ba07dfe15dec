import { headerOf, summaryOf } from './message.ts';
import type { Endpoint, TracedMessage } from './types.ts';

/** Where the width of a terminal is not known. */
const DEFAULT_WIDTH = 100;
/** Between two bars: less says nothing of a message, more is only white. */
const MIN_GAP = 20;
const MAX_GAP = 48;
const MAX_COLUMNS = 8;

/** Where the bars stand. */
interface Layout {
  /** Of the first bar. */
  readonly left: number;
  readonly gap: number;
  readonly bars: number;
}

/**
 * A call's SIP as a ladder: a column for the gateway, one for everybody else in the order in which they come in, a line a
 * message. Under it what a Reason header says. Nothing in a line can move a terminal's cursor.
 * @param width characters that a line should have at most; more than three parties may need more
 */
export function ladder(messages: readonly TracedMessage[], width = DEFAULT_WIDTH): string[] {
  const [first, last] = [messages[0], messages.at(-1)];
  if (first === undefined || last === undefined) return [];
  const since = (at: number): string => `+${((at - first.at) / 1_000).toFixed(3)}`;
  const parties = [...new Set(messages.map(({ remote }) => nameOf(remote)))].slice(0, MAX_COLUMNS);
  // The caller on the left of the gateway, whom it called on the right.
  const columns = [...parties.slice(0, 1), 'gateway', ...parties.slice(1)];
  const gateway = columns.indexOf('gateway');
  const left = since(last.at).length + 2;
  const fitting = Math.floor((width - left - 1) / (columns.length - 1));
  const layout = { left, gap: Math.min(MAX_GAP, Math.max(MIN_GAP, fitting)), bars: columns.length };
  const lines = [...heads(columns, layout), bars('', layout)];
  for (const message of messages) {
    const party = columns.indexOf(nameOf(message.remote));
    const time = since(message.at);
    if (party < 0) lines.push(`${time}  ${summaryOf(message.text)} (${nameOf(message.remote)})`);
    else lines.push(arrow(bars(time, layout), position(gateway, layout), position(party, layout), message));
    const reason = headerOf(message.text, 'reason');
    if (reason !== null) lines.push(`${' '.repeat(left)}  Reason: ${reason}`);
  }
  return lines.map(plain);
}

/** Names over their bars; one that would run into the next stands a line lower. */
function heads(columns: readonly string[], layout: Layout): string[] {
  const lines: string[] = [];
  for (const [column, name] of columns.entries()) {
    // The last one ends at its bar: nothing stands on the right of that.
    const last = column === columns.length - 1;
    const start = Math.max(0, position(column, layout) - (last ? name.length - 1 : 1));
    const free = lines.findIndex((line) => line.length < start);
    const line = free < 0 ? lines.length : free;
    lines[line] = `${(lines[line] ?? '').padEnd(start)}${name}`;
  }
  return lines;
}

function bars(from: string, layout: Layout): string {
  let line = from;
  for (let column = 0; column < layout.bars; column += 1) line = `${line.padEnd(position(column, layout))}|`;
  return line;
}

/** Where a column's bar stands. */
function position(column: number, { left, gap }: Layout): number {
  return left + column * gap;
}

/** Writes the summary between the two bars that it goes between, with its head at the one that it goes to. */
function arrow(line: string, gateway: number, party: number, { way, text }: TracedMessage): string {
  const [left, right] = gateway < party ? [gateway, party] : [party, gateway];
  const toRight = (way === 'sent') === gateway < party;
  // A line's end on each side: "-- ", " ->".
  const room = right - left - 1 - 6;
  const summary = `${summaryOf(text, room)} `.padEnd(room + 1, '-');
  const drawn = toRight ? `-- ${summary}->` : `<- ${summary}--`;
  return `${line.slice(0, left + 1)}${drawn}${line.slice(right)}`;
}

function nameOf({ address, port }: Endpoint): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Control and format characters come from SIP. */
function plain(line: string): string {
  return line.replaceAll(/\p{C}/gu, '·');
}
