import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Authority } from '../support/certificates.ts';
import { KAMAILIO_WITHIN_DIALOGS } from '../support/peer-configurations.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/gateway-process.ts';

export const TLS_MODULE = '/usr/lib/x86_64-linux-gnu/kamailio/modules/tls.so';

export interface Kamailio {
  /** Where others send it calls, by UDP and TCP. */
  readonly port: number;
  /** Where the gateway sends it calls, by TLS: it asks for a certificate of the authority. */
  readonly tlsPort: number;
  stop(): Promise<void>;
}

export interface Ports {
  readonly port: number;
  readonly tlsPort: number;
}

export async function freePorts(): Promise<Ports> {
  return { port: await freePort(), tlsPort: await freePort() };
}

/**
 * A proxy on both sides of a gateway, as an edge is: what comes by UDP or TCP goes to `inward` (several: it forks, all at once),
 * what comes by TLS to `outward`. It stays in the way of every dialog, and refuses what a proxy need not pass.
 */
const configuration = (ports: Ports, inward: readonly string[], outward: string, folder: string): string => `#!KAMAILIO
debug=-1
log_stderror=yes
children=1
tcp_children=1
enable_tls=yes
listen=udp:127.0.0.1:${ports.port}
listen=tcp:127.0.0.1:${ports.port}
listen=tls:127.0.0.1:${ports.tlsPort}
auto_aliases=no
rev_dns=no
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "tls.so"
loadmodule "corex.so"
loadmodule "pv.so"
loadmodule "rr.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "tmx.so"
loadmodule "siputils.so"
modparam("tls", "config", "${folder}/tls.cfg")
modparam("rr", "enable_double_rr", 1)
request_route {
${KAMAILIO_WITHIN_DIALOGS}
  t_check_trans();
  if (is_method("INVITE")) record_route();
  if ($pr == "tls") {
    $du = "${outward}";
  } else {
    # Branches inherit $du: it is set when they are made.
${inward
  .slice(1)
  .map((uri) => `    append_branch("${uri}");`)
  .join('\n')}
    $du = "${inward[0]}";
  }
  if (!t_relay()) sl_reply_error();
}
`;

const profiles = (folder: string): string =>
  ['server:default', 'client:default']
    .map(
      (name) => `[${name}]
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
certificate = ${folder}/own.pem
private_key = ${folder}/own.key
ca_list = ${folder}/ca.pem
`,
    )
    .join('\n');

/** Starts Debian's kamailio with a certificate of this authority. */
export async function startKamailio(
  ports: Ports,
  way: { readonly inward: readonly string[]; readonly outward: string },
  authority: Authority,
): Promise<Kamailio> {
  const folder = await mkdtemp(join(tmpdir(), 'kamailio-'));
  const { certificate, key } = authority.issue(['IP:127.0.0.1']);
  const files = {
    'own.pem': certificate,
    'own.key': key,
    'ca.pem': authority.certificate,
    'tls.cfg': profiles(folder),
    'kamailio.cfg': configuration(ports, way.inward, way.outward, folder),
  };
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));
  const child = spawn(
    'kamailio',
    ['-f', join(folder, 'kamailio.cfg'), '-DD', '-E', '-m', '64', '-M', '8', '-Y', folder],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    },
  );
  const said: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
  const exited = once(child, 'exit');
  const listens = `:${ports.tlsPort.toString(16).toUpperCase().padStart(4, '0')} `;
  await until(15_000, 'kamailio to listen', async () => {
    if (child.exitCode !== null) throw new Error(`kamailio ended: ${said.join('\n')}`);
    return (await readFile('/proc/net/tcp', 'latin1')).includes(listens) ? true : null;
  });
  return {
    ...ports,
    stop: async () => {
      await endKamailio(child, exited);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** How long it may take to end as it is asked to. */
const END_MS = 3_000;

/**
 * Its children end with it where it is asked; one that is asked while it has just started may wait for them for ever, and is then
 * ended with them. It must have been started `detached`, as the first of its process group.
 */
export async function endKamailio(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM');
  const late = setTimeout(() => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }, END_MS);
  await exited;
  clearTimeout(late);
}
