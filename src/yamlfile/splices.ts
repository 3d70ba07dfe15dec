/** Where lines begin and end: found once, so that many questions about a long text cost little. */
export class Lines {
  readonly text: string;
  readonly lineBreak: string;
  readonly #starts: number[] = [0];

  constructor(text: string) {
    this.text = text;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
    this.lineBreak = text.includes('\r\n') ? '\r\n' : '\n';
  }

  get count(): number {
    return this.#starts.length;
  }

  /** The line, from 0, that this offset stands in. */
  lineOf(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Its first character, behind a byte order mark. */
  start(line: number): number {
    const start = this.#starts[line] ?? this.text.length;
    return start === 0 && this.text.startsWith('\uFEFF') ? 1 : start;
  }

  /** Where the next line starts. */
  next(line: number): number {
    return this.#starts[line + 1] ?? this.text.length;
  }

  /** Before its line break. */
  end(line: number): number {
    let end = this.next(line);
    if (this.text.charAt(end - 1) === '\n') end -= 1;
    if (end > this.start(line) && this.text.charAt(end - 1) === '\r') end -= 1;
    return end;
  }

  column(offset: number): number {
    return offset - this.start(this.lineOf(offset));
  }

  isBlank(line: number): boolean {
    return line >= 0 && line < this.count && this.#indent(line) === this.end(line);
  }

  /** Whether nothing but white space stands before it on its line. */
  isFirst(offset: number): boolean {
    return this.#indent(this.lineOf(offset)) >= offset;
  }

  /** The column of the comment that this line is; -1 where it is none. */
  commentColumn(line: number): number {
    if (line < 0 || line >= this.count) return -1;
    const at = this.#indent(line);
    return this.text.charAt(at) === '#' && at < this.next(line) ? at - this.start(line) : -1;
  }

  /** The first character of the line that is no blank; its end where there is none. */
  #indent(line: number): number {
    const end = this.end(line);
    let at = this.start(line);
    while (at < end && (this.text.charAt(at) === ' ' || this.text.charAt(at) === '\t')) at += 1;
    return at;
  }
}

/** Changes of a text, each of its own characters; made at once, in any number. */
export class Splices {
  readonly #list: { readonly from: number; readonly to: number; readonly insert: string }[] = [];

  add(from: number, to: number, insert: string): void {
    this.#list.push({ from, to, insert });
  }

  /** Null where two of them change the same characters. */
  applied(text: string): string | null {
    // Those at one place stay in the order in which they were made.
    const sorted = this.#list.toSorted((a, b) => a.from - b.from || a.to - b.to);
    const pieces: string[] = [];
    let at = 0;
    for (const { from, to, insert } of sorted) {
      if (from < at) return null;
      pieces.push(text.slice(at, from), insert);
      at = to;
    }
    pieces.push(text.slice(at));
    return pieces.join('');
  }
}
