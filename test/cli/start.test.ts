import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { gatewayFiles, removeFiles, type GatewayFiles } from '../support/gateway-process.ts';
import { inProcess } from '../support/in-process.ts';
import { freePort } from '../support/ports.ts';
import { startHere } from './support.ts';

const settings = `peers:
  - { name: pbx, allow: [127.0.0.0/8], dialPlan: Paris }
routing:
  nextHop: ["sip:127.0.0.1:5099"]`;

async function filesFor(change: (text: string) => string = (text) => text): Promise<GatewayFiles> {
  const files = await gatewayFiles(settings);
  onTestFinished(() => removeFiles(files));
  await rewrite(files.config, change);
  return files;
}

async function rewrite(path: string, change: (text: string) => string): Promise<void> {
  await writeFile(path, change(await readFile(path, 'utf8')));
}

/** On a drachtio-server at this port of this machine. */
const onDrachtio =
  (port: number) =>
  (text: string): string =>
    text.replace(
      /listen: \[udp.*/,
      `engine: drachtio\n  drachtio: [{ host: 127.0.0.1, port: ${port}, secret: cymru }]`,
    );

describe('a start on a drachtio-server that is down', () => {
  it('says so, and SIGTERM ends it with exit code 0', async () => {
    const files = await filesFor(onDrachtio(await freePort()));
    const gateway = startHere(files.config);
    expect(await gateway.logged('the SIP engine cannot be reached')).toMatchObject({ level: 'warn' });
    gateway.signal('SIGTERM');
    expect(await gateway.exitCode).toBe(0);
    expect(gateway.ended).toEqual([0]);
    expect(gateway.log().at(-1)).toMatchObject({ msg: 'stopped before the start was over' });
    expect(gateway.log().filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
  });

  it('that takes the connection and says nothing is ended by SIGTERM too', async () => {
    const connected = Promise.withResolvers<void>();
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      connected.resolve();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    const files = await filesFor(onDrachtio(typeof address === 'object' ? (address?.port ?? 0) : 0));
    const gateway = startHere(files.config);
    await connected.promise;
    gateway.signal('SIGTERM');
    expect(await gateway.exitCode).toBe(0);
  });

  it('survives SIGHUP', async () => {
    const files = await filesFor(onDrachtio(await freePort()));
    const gateway = startHere(files.config);
    await gateway.logged('the policy was loaded');
    expect(gateway.hears('SIGHUP')).toBe(true);
    await rewrite(files.config, (text) => text.replace('secret: cymru', 'secret: other'));
    gateway.signal('SIGHUP');
    expect(await gateway.logged('gateway.yaml has changes that need a restart')).toMatchObject({
      changed: ['sip.drachtio'],
    });
  });
});

describe('mcg start', () => {
  it('prints commands about the gateway that was started', async () => {
    const files = await filesFor();
    const gateway = startHere(files.config);
    await gateway.logged('ready');
    const [, line] = /^ {2}calls +npm run -s mcg -- (.*)$/m.exec(gateway.printed()) ?? [];
    expect(line).toBe(`calls --config ${files.config}`);
    expect((await inProcess(...(line ?? '').split(' '))).stdout).toBe('No calls yet.\n');
    expect(gateway.printed()).toContain(`explain CALL --config ${files.config}\n`);
  });
});

describe('SIGHUP', () => {
  it('names the changes of gateway.yaml that need a restart, and the mistakes in it; neither changes what runs', async () => {
    const files = await filesFor();
    const gateway = startHere(files.config);
    await gateway.logged('ready');
    gateway.signal('SIGHUP');
    await gateway.logged('policy read again');
    expect(gateway.log().filter(({ msg }) => String(msg).startsWith('gateway.yaml'))).toEqual([]);

    await rewrite(files.config, (text) => text.replace('name: pbx', 'name: sbc') + 'stopTimeout: 3s\n');
    gateway.signal('SIGHUP');
    expect(await gateway.logged('gateway.yaml has changes that need a restart: peers, stopTimeout')).toMatchObject({
      level: 'warn',
      changed: ['peers', 'stopTimeout'],
    });

    await rewrite(files.config, (text) => `colour: blue\n${text}`);
    gateway.signal('SIGHUP');
    expect(await gateway.logged('gateway.yaml has mistakes')).toMatchObject({
      level: 'warn',
      problems: [expect.stringMatching(/gateway\.yaml:1:1 colour: /)],
    });
    await gateway.logged('policy read again');
  });
});

describe('a peer whose dial plan policy.yaml does not have', () => {
  const complaint = 'peers[0].dialPlan: policy.yaml has no dial plan "Paris"';

  it('is named at the start', async () => {
    const files = await filesFor();
    await rewrite(files.policy, (text) => text.replaceAll(/(?<!\/)Paris/g, 'Lyon'));
    const gateway = startHere(files.config);
    expect(await gateway.logged(complaint)).toMatchObject({ level: 'warn' });
  });

  it('is named once after the change of the policy that took it away', async () => {
    const files = await filesFor();
    const gateway = startHere(files.config);
    await gateway.logged('ready');
    await rewrite(files.policy, (text) => text.replaceAll(/(?<!\/)Paris/g, 'Lyon'));
    await gateway.logged(complaint);
    // The same version read again is no change.
    gateway.signal('SIGHUP');
    await gateway.logged('policy read again');
    expect(gateway.log().filter(({ msg }) => String(msg).startsWith(complaint))).toHaveLength(1);
  });
});
