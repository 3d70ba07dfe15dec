import { expect, it } from 'vitest';
import { MAX_STRANGER_MESSAGES_PER_SECOND, traceTap } from '../../src/drachtio/tracing.ts';
import type { Flow } from '../../src/sip/index.ts';

const flow = (remoteAddress: string): Flow => ({
  protocol: 'udp',
  localAddress: '127.0.0.1',
  localPort: 5060,
  remoteAddress,
  remotePort: 5060,
  connectionId: null,
});

it('of strangers so many messages a second are traced, all together; of peers every one', () => {
  let at = 10_000;
  const written: string[] = [];
  const writer = {
    dropped: 0,
    write: ({ remote }: { readonly remote: { readonly address: string } }) => written.push(remote.address),
    close: () => Promise.resolve(),
  };
  const tap = traceTap(
    writer,
    (address) => address === '192.0.2.1',
    () => at,
  );
  const flood = (): number => {
    written.length = 0;
    for (let n = 0; n < 2 * MAX_STRANGER_MESSAGES_PER_SECOND; n += 1) {
      tap('received', Buffer.from('X'), flow(`203.0.113.${n % 200}`));
      tap('received', Buffer.from('X'), flow('192.0.2.1'));
    }
    expect(written.filter((address) => address === '192.0.2.1')).toHaveLength(2 * MAX_STRANGER_MESSAGES_PER_SECOND);
    return written.filter((address) => address !== '192.0.2.1').length;
  };
  expect(flood()).toBe(MAX_STRANGER_MESSAGES_PER_SECOND);
  expect(flood()).toBe(0);
  at += 1_000;
  expect(flood()).toBe(MAX_STRANGER_MESSAGES_PER_SECOND);
});
