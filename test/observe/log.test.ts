import { describe, expect, it } from 'vitest';
import { createLogger, type LoggerOptions } from '../../src/observe/index.ts';

function lines(use: (log: ReturnType<typeof createLogger>) => void, options: Partial<LoggerOptions> = {}): string[] {
  const written: string[] = [];
  use(createLogger({ level: 'info', destination: { write: (line) => written.push(line) }, ...options }));
  return written;
}

function parsed(use: (log: ReturnType<typeof createLogger>) => void): Record<string, unknown>[] {
  return lines(use).map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('a JSON log', () => {
  it('is one object a line: level in words, time in ISO 8601, the fields, the message', () => {
    const [line] = parsed((log) => log.warn({ call: '0192', rangMs: 12 }, 'the phone is gone'));
    expect(line).toMatchObject({ level: 'warn', call: '0192', rangMs: 12, msg: 'the phone is gone' });
    expect(String(line?.['time'])).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(Object.keys(line ?? {})).toEqual(['level', 'time', 'call', 'rangMs', 'msg']);
  });

  it('leaves out what is below its level', () => {
    expect(lines((log) => log.debug({}, 'no'))).toEqual([]);
  });

  it('keeps a line break from SIP inside its line', () => {
    const written = lines((log) => log.info({ caller: 'a\r\n{"level":"fatal"}' }, 'x\ny'));
    expect(written).toHaveLength(1);
    expect(written[0]?.trimEnd()).not.toMatch(/[\r\n]/);
  });

  it('carries the fields of a child on every line', () => {
    expect(parsed((log) => log.child({ room: 'gateway' }).info({ a: 1 }, 'm'))[0]).toMatchObject({
      room: 'gateway',
      a: 1,
    });
  });

  it('writes an error with its message and stack, as `err` and as `error`', () => {
    const [line] = parsed((log) => log.error({ err: new Error('boom'), error: new TypeError('bang') }, 'm'));
    expect(line).toMatchObject({
      err: { type: 'Error', message: 'boom' },
      error: { type: 'TypeError', message: 'bang' },
    });
  });
});

describe('secrets', () => {
  it.each(['password', 'pass', 'secret', 'token', 'authorization', 'proxyAuthorization', 'cookie'])(
    'never shows a field named %s, three levels deep',
    (field) => {
      const fields = { [field]: 'hunter2', smtp: { [field]: 'hunter2', auth: { [field]: 'hunter2' } } };
      const [line] = lines((log) => log.info(fields, 'm'));
      expect(line).not.toContain('hunter2');
      expect(line).toContain('***');
    },
  );

  it.each([
    ['smtp://user:hunter2@mail.example.com:587', 'smtp://user:***@mail.example.com:587'],
    ['postgres://mcg:hunter2@db/mcg', 'postgres://mcg:***@db/mcg'],
    ['smtp://user:hun@ter2@mail.example.com', 'smtp://user:***@mail.example.com'],
    ['sip:1001@example.com:5060', 'sip:1001@example.com:5060'],
    ['http://127.0.0.1:8080/a@b', 'http://127.0.0.1:8080/a@b'],
  ])('takes the password out of %s in fields, messages and errors', (uri, shown) => {
    const written = lines((log) => log.error({ uri, err: new Error(`cannot reach ${uri}`) }, `no ${uri}`)).join('');
    expect(written).not.toMatch(/hunter2|hun@ter2/);
    const line = JSON.parse(written) as { uri: string; msg: string; err: { message: string } };
    expect(line).toMatchObject({ uri: shown, msg: `no ${shown}`, err: { message: `cannot reach ${shown}` } });
  });
});

describe('a readable log', () => {
  const readable = (use: (log: ReturnType<typeof createLogger>) => void): string[] => lines(use, { pretty: true });

  it('has time, level, message and fields on one line', () => {
    const [line] = readable((log) => log.warn({ call: '0192', why: 'no answer', rangMs: 12 }, 'missed'));
    expect(line).toMatch(/^\d\d:\d\d:\d\d WARN {2}missed {2}call=0192 why="no answer" rangMs=12\n$/);
  });

  it('shows controls and bidirectional characters as escapes, so that a caller cannot steer a terminal', () => {
    const [line] = readable((log) =>
      log.info({ caller: '\u001b[2J\u009b2J\u202eevil' }, 'call from \u001b[31mred\u0007'),
    );
    expect(line?.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(line).toContain('\\u{1b}[31mred\\u{7}');
  });

  it('takes secrets out too', () => {
    const written = readable((log) => log.info({ password: 'hunter2', uri: 'smtp://u:hunter2@h' }, 'm')).join('');
    expect(written).not.toContain('hunter2');
  });

  it('shows an error by its message', () => {
    expect(readable((log) => log.error({ err: new Error('boom') }, 'm'))[0]).toContain('err=Error: boom');
  });
});
