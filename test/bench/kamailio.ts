import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../support/gateway-process.ts';
import { KAMAILIO_WITHIN_DIALOGS } from '../support/peer-configurations.ts';
import { freePort } from '../support/ports.ts';
import { NotInstalled, run } from './program.ts';
import type { System } from './types.ts';

/** One receiver is the least it can cost; a second gains nothing while the machine has a core to spare. */
const RECEIVERS = 1;

/** A stateful proxy that relays every call: transactions, retransmission, Record-Route, and nothing else. */
const configuration = (port: number, calleePort: number): string => `#!KAMAILIO
debug=-1
log_stderror=yes
children=${RECEIVERS}
listen=udp:127.0.0.1:${port}
disable_tcp=yes
auto_aliases=no
dns=no
rev_dns=no
use_dns_cache=no
server_signature=no
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "pv.so"
loadmodule "rr.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "tmx.so"
loadmodule "siputils.so"
request_route {
${KAMAILIO_WITHIN_DIALOGS}
  if (!is_method("ACK")) {
    if (t_precheck_trans()) {
      t_check_trans();
      exit;
    }
    t_check_trans();
  }
  if (is_method("INVITE")) record_route();
  $du = "sip:127.0.0.1:${calleePort}";
  if (!t_relay()) sl_reply_error();
}
`;

/** Debian's kamailio, in the way of the calls as the gateway is. */
export async function startKamailio(): Promise<System> {
  const [port, calleePort] = [await freePort(), await freePort()];
  const folder = await mkdtemp(join(tmpdir(), 'kamailio-'));
  const file = join(folder, 'kamailio.cfg');
  await writeFile(file, configuration(port, calleePort));
  const program = run(KAMAILIO, ['-f', file, '-DD', '-E', '-m', '256', '-M', '8', '-Y', folder]);
  let failure: NodeJS.ErrnoException | null = null;
  program.child.once('error', (error) => (failure = error));
  const bound = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  await until(15_000, 'kamailio to listen', async () => {
    if (failure !== null) throw new NotInstalled('run bash test/setup/debian.sh bench as root');
    if (program.child.exitCode !== null) throw new Error(program.epitaph());
    return (await readFile('/proc/net/udp', 'latin1')).includes(bound) ? true : null;
  });
  return {
    sip: `127.0.0.1:${port}`,
    calleePort,
    processes: [{ pid: program.pid, label: '' }],
    stop: async () => {
      // Its children end with it only where it is asked.
      program.child.kill('SIGTERM');
      await program.exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Debian has it in /usr/sbin, which is not on everybody's path. */
export const KAMAILIO = '/usr/sbin/kamailio';
