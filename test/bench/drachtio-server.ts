import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drachtioServerConfiguration } from '../support/peer-configurations.ts';
import { freePort } from '../support/ports.ts';
import { listening, NotInstalled, run, type Program } from './program.ts';

export interface DrachtioServer {
  readonly program: Program;
  /** `127.0.0.1:PORT`, UDP. */
  readonly sip: string;
  /** Where applications connect. */
  readonly client: { readonly host: string; readonly port: number; readonly secret: string };
  stop(): Promise<void>;
}

/** The drachtio-server that DRACHTIO_BIN names: on loopback, on UDP, saying as little as it can. */
export async function startDrachtioServer(): Promise<DrachtioServer> {
  const binary = drachtioBinary();
  const [sipPort, clientPort, secret] = [await freePort(), await freePort(), 'bench'];
  const folder = await mkdtemp(join(tmpdir(), 'drachtio-'));
  const file = join(folder, 'drachtio.conf.xml');
  await writeFile(
    file,
    drachtioServerConfiguration({ sipPort, clientPort, secret, transports: 'udp', logLevel: 'notice' }),
  );
  const program = run(binary, ['--file', file]);
  await listening(program, clientPort);
  return {
    program,
    sip: `127.0.0.1:${sipPort}`,
    client: { host: '127.0.0.1', port: clientPort, secret },
    stop: async () => {
      await program.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function drachtioBinary(): string {
  const binary = process.env['DRACHTIO_BIN'] ?? '';
  if (binary !== '') return binary;
  throw new NotInstalled(
    'set DRACHTIO_BIN to the binary `drachtio`, built from github.com/drachtio/drachtio-server (Debian has no package)',
  );
}
