import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseMessage, parseNameAddress, parseUri, serialize, type ParseOutcome } from '../../../src/sip/index.ts';

const DATA = new URL('../../data/rfc4475/', import.meta.url);

function read(path: string): Buffer {
  return readFileSync(new URL(path, DATA));
}

function parse(path: string): ParseOutcome {
  return parseMessage(read(path), 'datagram');
}

function headerOf(path: string, name: string): string {
  const outcome = parse(path);
  return (outcome.ok && outcome.message.headers.get(name)) || '';
}

/** RFC 4475 3.1.2 to 3.4: what the parser does with each; a word where it is left to somebody higher up. */
const INVALID: Record<string, number | 'silence' | 'transaction' | 'application'> = {
  'badaspec.dat': 400,
  'badbranch.dat': 400,
  'baddate.dat': 'application',
  'baddn.dat': 400,
  'badinv01.dat': 400,
  'badvers.dat': 505,
  'bcast.dat': 'transaction',
  'bext01.dat': 'application',
  'bigcode.dat': 'silence',
  'clerr.dat': 400,
  'cparam01.dat': 'application',
  'cparam02.dat': 'application',
  'escruri.dat': 400,
  'insuf.dat': 400,
  'inv2543.dat': 'transaction',
  'invut.dat': 'application',
  'ltgtruri.dat': 400,
  'lwsruri.dat': 400,
  'lwsstart.dat': 400,
  'mcl01.dat': 400,
  'mismatch01.dat': 400,
  'mismatch02.dat': 400,
  'multi01.dat': 400,
  'ncl.dat': 400,
  'novelsc.dat': 416,
  'quotbal.dat': 400,
  'regaut01.dat': 'application',
  'regbadct.dat': 'application',
  'regescrt.dat': 'application',
  'scalar02.dat': 400,
  'scalarlg.dat': 'silence',
  'sdp01.dat': 'application',
  'trws.dat': 400,
  'unkscm.dat': 416,
  'unksm2.dat': 'application',
  'zeromf.dat': 'application',
};

describe('RFC 4475 torture messages', () => {
  it('are all here', () => {
    expect(readdirSync(new URL('valid/', DATA))).toHaveLength(13);
    expect(readdirSync(new URL('invalid/', DATA)).sort()).toEqual(Object.keys(INVALID).sort());
  });

  it.each(readdirSync(new URL('valid/', DATA)))('%s is valid and survives being written and read again', (file) => {
    const outcome = parse(`valid/${file}`);
    if (!outcome.ok) throw new Error(outcome.problem);
    const written = serialize(outcome.message);
    const again = parseMessage(written, 'stream');
    if (!again.ok) throw new Error(again.problem);
    expect(serialize(again.message)).toEqual(written);
  });

  it.each(Object.entries(INVALID))('%s: %s', (file, expected) => {
    const outcome = parse(`invalid/${file}`);
    if (typeof expected === 'number') expect(outcome).toMatchObject({ ok: false, status: expected });
    else if (expected === 'silence') expect(outcome).toMatchObject({ ok: false, status: null });
    else expect(outcome.ok).toBe(true);
  });

  it('the second request in a datagram is dropped', () => {
    const outcome = parse('valid/dblreq.dat');
    expect(outcome).toMatchObject({ ok: true, message: { method: 'REGISTER' } });
    expect(outcome.ok && outcome.message.body).toHaveLength(0);
  });

  it('escapes are read in the user part only', () => {
    const outcome = parse('valid/esc01.dat');
    const uri = outcome.ok && outcome.message.kind === 'request' ? parseUri(outcome.message.uri) : null;
    expect(uri).toMatchObject({ user: 'sips:user@example.com', host: 'example.net' });
    expect(parse('valid/esc02.dat')).toMatchObject({ message: { method: 'RE%47IST%45R' } });
  });

  it('an escaped NUL is a character of the user part', () => {
    expect(parseUri(parseNameAddress(headerOf('valid/escnull.dat', 'To'))?.uri ?? '')?.user).toBe('null-\0-null');
  });

  it('strange tokens, quoted control characters and UTF-8 are kept', () => {
    expect(parse('valid/intmeth.dat')).toMatchObject({
      message: { method: "!interesting-Method0123456789_*+`.%indeed'~" },
    });
    expect(parseNameAddress(headerOf('valid/intmeth.dat', 'To'))?.displayName).toBe('BEL:\x07 NUL:\0 DEL:\x7f');
    expect(parseNameAddress(headerOf('valid/intmeth.dat', 'From'))?.params.get('tag')).toBe("_token~1'+`*%!-.");
  });

  it('folding, white space and compact forms are read as what they mean', () => {
    const outcome = parse('valid/wsinv.dat');
    if (!outcome.ok) throw new Error(outcome.problem);
    const { headers, body } = outcome.message;
    expect(headers.elements('Via')).toHaveLength(3);
    expect(headers.get('CSeq')).toBe('0009 INVITE');
    expect(parseNameAddress(headers.get('To') ?? '')?.params.get('tag')).toBe('1918181833n');
    expect(parseNameAddress(headers.get('From') ?? '')?.displayName).toBe('J Rosenberg \\"');
    expect(parseNameAddress(headers.get('Contact') ?? '')?.params.get('q')).toBe('0.33');
    expect(body).toHaveLength(150);
  });

  it('a user part may hold a semicolon, a reason phrase UTF-8 or nothing', () => {
    const outcome = parse('valid/semiuri.dat');
    const uri = outcome.ok && outcome.message.kind === 'request' ? parseUri(outcome.message.uri) : null;
    expect(uri?.user).toBe('user;par=u@example.net');
    expect(parse('valid/noreason.dat')).toMatchObject({ message: { status: 100, reason: '' } });
    expect(parse('valid/unreason.dat')).toMatchObject({ message: { status: 200 } });
  });

  it('a refused request is handed over as far as it could be read, for the answer', () => {
    const outcome = parse('invalid/insuf.dat');
    expect(outcome).toMatchObject({ ok: false, problem: 'Missing From', message: { method: 'INVITE' } });
    expect(outcome.message?.headers.get('CSeq')).toBe('193942 INVITE');
  });
});
