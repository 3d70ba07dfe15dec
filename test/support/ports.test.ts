import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort, freePorts } from './ports.ts';

describe('ports for programs that cannot tell which one they took', () => {
  it('are none that the system hands out itself, and none is given twice', async () => {
    const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()));
    expect(new Set(ports).size).toBe(50);
    expect(Math.max(...ports)).toBeLessThan(32_768);
  });

  it('of several in a row all can be taken', async () => {
    const first = await freePorts(3);
    for (const port of [first, first + 1, first + 2]) {
      const server = createServer().listen(port, '127.0.0.1');
      onTestFinished(() => void server.close());
      await once(server, 'listening');
    }
  });
});
