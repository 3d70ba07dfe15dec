import { endKamailio } from './kamailio.ts';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ListenAddress } from '../../src/sip/index.ts';
import { until, type GatewayFiles } from '../support/gateway-process.ts';

export const TOPOLOGIES = ['front', 'loop-back', 'fork-branch', 'lync-trunk', 'before-voicemail'] as const;
export type Topology = (typeof TOPOLOGIES)[number];

export const examplePath = (...parts: readonly string[]): string => join('sip-config/examples', ...parts);

/** Addresses of the examples (RFC 5737) and where they are on loopback: each system has an address of its own there too. */
const NETWORKS = [
  ['192.0.2.', '127.0.2.'],
  ['198.51.100.', '127.0.3.'],
] as const;

/** `192.0.2.10` on loopback. */
export function onLoopback(text: string): string {
  return NETWORKS.reduce((moved, [from, to]) => moved.replaceAll(from, to), text);
}

export const udpAt = (address: string, port = 0): ListenAddress => ({
  protocol: 'udp',
  address: onLoopback(address),
  port,
});
export const tcpAt = (address: string, port = 0): ListenAddress => ({ ...udpAt(address, port), protocol: 'tcp' });

/** What a test puts in the place of a text of an example. */
export type Replacement = readonly [written: string, instead: string];

/** The text with every replacement made; one whose text is not there is a mistake of the test. */
export function replaced(text: string, replacements: readonly Replacement[]): string {
  return replacements.reduce((now, [written, instead]) => {
    if (!now.includes(written)) throw new Error(`the example does not say ${written}`);
    return now.replaceAll(written, instead);
  }, text);
}

/** The example's own gateway.yaml with the shipped policy.yaml, moved to loopback addresses, free ports and a folder of its own. */
export async function exampleFiles(topology: Topology, replacements: readonly Replacement[]): Promise<GatewayFiles> {
  const folder = await mkdtemp(join(tmpdir(), `mcg-${topology}-`));
  const files = {
    folder,
    config: join(folder, 'gateway.yaml'),
    policy: join(folder, 'policy.yaml'),
    maildir: join(folder, 'mail'),
  };
  await mkdir(join(folder, 'var'));
  const written = await readFile(examplePath(topology, 'gateway.yaml'), 'utf8');
  const own: readonly Replacement[] = [
    ['../../policy.yaml', 'policy.yaml'],
    ['../../../var/', 'var/'],
    ['smtp://mail.example.com:25', 'maildir:mail'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:0'],
  ];
  await writeFile(files.config, onLoopback(replaced(written, [...replacements, ...own])));
  await writeFile(files.policy, await readFile('sip-config/policy.yaml', 'utf8'));
  return files;
}

export interface Proxy {
  readonly port: number;
  stop(): Promise<void>;
}

/** Debian's kamailio with the example's own kamailio.cfg, on 127.0.2.10. `defines`: what stands behind `-A`. */
export async function startExampleKamailio(
  ports: { readonly proxy: number; readonly gateway: number; readonly voicemail: number },
  defines: readonly string[] = [],
): Promise<Proxy> {
  const port = ports.proxy;
  const folder = await mkdtemp(join(tmpdir(), 'kamailio-example-'));
  const read = (name: string): Promise<string> => readFile(examplePath('kamailio', name), 'utf8');
  const list = join(folder, 'dispatcher.list');
  const gateway: Replacement = ['192.0.2.5:5060', `192.0.2.5:${ports.gateway}`];
  const configuration = replaced(await read('kamailio.cfg'), [
    ['/etc/kamailio/dispatcher.list', list],
    ['192.0.2.10:5060', `192.0.2.10:${port}`],
    ['192.0.2.30:5060', `192.0.2.30:${ports.voicemail}`],
    ['("dispatcher", "ds_ping_interval", 5)', '("dispatcher", "ds_ping_interval", 1)'],
    gateway,
  ]);
  await writeFile(join(folder, 'kamailio.cfg'), onLoopback(configuration));
  await writeFile(list, onLoopback(replaced(await read('dispatcher.list'), [gateway])));
  const options = ['-f', join(folder, 'kamailio.cfg'), '-DD', '-E', '-m', '64', '-M', '8', '-Y', folder];
  const child = spawn('kamailio', [...options, ...defines.flatMap((name) => ['-A', name])], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const said: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
  const exited = once(child, 'exit');
  const listens = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  await until(15_000, 'kamailio to listen', async () => {
    if (child.exitCode !== null) throw new Error(`kamailio ended: ${said.join('\n')}`);
    return (await readFile('/proc/net/tcp', 'latin1')).includes(listens) ? true : null;
  });
  return {
    port,
    stop: async () => {
      await endKamailio(child, exited);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
