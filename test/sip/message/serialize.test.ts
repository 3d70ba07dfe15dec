import { describe, expect, it } from 'vitest';
import { serialize, SipHeaders } from '../../../src/sip/index.ts';
import { request } from './support.ts';

describe('serialize', () => {
  it('writes Content-Length in bytes, where it stood, once, and last where there was none', () => {
    const message = request({ l: null });
    message.headers = new SipHeaders([
      { name: 'l', value: '99' },
      { name: 'Content-Length', value: '7' },
      { name: 'To', value: '<sip:bob@example.com>' },
    ]);
    message.body = Buffer.from('d\u00e9j\u00e0');
    expect(serialize(message).toString()).toBe(
      'INVITE sip:bob@example.com SIP/2.0\r\nl: 6\r\nTo: <sip:bob@example.com>\r\n\r\nd\u00e9j\u00e0',
    );
    message.headers.delete('Content-Length');
    expect(serialize(message).toString()).toContain('To: <sip:bob@example.com>\r\nContent-Length: 6\r\n\r\n');
  });

  it('writes names, values and folding as they are held', () => {
    const message = request();
    message.headers = new SipHeaders([{ name: 'sUBJECT', value: 'one\r\n two\r\n\tthree \xc3\xa9' }]);
    expect(serialize(message).toString('latin1')).toContain('\r\nsUBJECT: one\r\n two\r\n\tthree \xc3\xa9\r\n');
  });

  it.each([
    ['CR LF', 'a\r\nX-Injected: 1'],
    ['LF', 'a\nX-Injected: 1'],
    ['CR', 'a\rX-Injected: 1'],
    ['folding that ends the header', 'a\r\n \r\nX: 1'],
    ['a line break at the end', 'a\r\n'],
    ['an empty line', 'a\r\n\r\n body'],
    ['a character whose low byte is LF', 'a\u010aX-Injected: 1'],
    ['a character whose low byte is CR', 'a\u560dX: 1'],
    ['the latter inside folding', 'a\r\n \u010aX: 1'],
  ])('lets no line into a header value by %s', (_, value) => {
    const message = request();
    message.headers.append('Subject', value);
    expect(() => serialize(message)).toThrow('Subject');
  });

  it('lets no line in by a header name, method, URI or reason phrase', () => {
    const broken = request();
    broken.headers.append('X: 1\r\nY', '2');
    expect(() => serialize(broken)).toThrow('no header name');
    expect(() => serialize({ ...request(), method: 'BYE sip:x SIP/2.0\r\nX:' })).toThrow('no SIP method');
    expect(() => serialize({ ...request(), uri: 'sip:a@b SIP/2.0\r\nX: 1' })).toThrow('no Request-URI');
    expect(() => serialize({ ...request(), uri: 'sip:\u0120@b' })).toThrow('no Request-URI');
    const response = {
      kind: 'response',
      status: 200,
      reason: 'OK\r\nX: 1',
      headers: new SipHeaders(),
      body: Buffer.alloc(0),
    };
    expect(() => serialize(response as never)).toThrow('reason phrase');
    expect(() => serialize({ ...response, reason: 'OK', status: 99 } as never)).toThrow('99 is no SIP status');
  });
});
