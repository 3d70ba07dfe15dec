import { once } from 'node:events';
import { createRequire } from 'node:module';
import { startEngineThread } from '../../src/drachtio/index.ts';
import type { Srf } from '../drachtio/support.ts';

/**
 * The smallest drachtio application that connects two phones, as the manual of drachtio-srf has it. The figure beside the gateway's: all
 * that it costs more is the verdict, the journal and the mail.
 *
 *     node test/bench/b2bua.ts CALLEE              with an embedded engine, on a thread of this process
 *     node test/bench/b2bua.ts CALLEE HOST:PORT:SECRET    with the engine there
 *
 * CALLEE is the sip: URI that every call goes to. Prints `{"sip":["udp://127.0.0.1:5060"]}` once it takes calls.
 */
const SrfClass = createRequire(import.meta.url)('drachtio-srf') as new () => Srf;

const [callee = '', address] = process.argv.slice(2);
const engine = address === undefined ? await embedded() : parsed(address);
const srf = new SrfClass();
srf.on('error', (error) => process.stderr.write(`${String(error)}\n`));
srf.invite((request, response) => {
  srf.createB2BUA(request, response, callee).then(
    ({ uas, uac }) => {
      uas.on('destroy', () => void uac.destroy().catch(() => undefined));
      uac.on('destroy', () => void uas.destroy().catch(() => undefined));
    },
    // A call that was given up or refused: the caller has its answer.
    () => undefined,
  );
});
srf.connect(engine);
const [error, hostports] = (await once(srf, 'connect')) as [Error | null, string];
if (error !== null) throw error;
process.stdout.write(
  `${JSON.stringify({ sip: hostports.split(',').map((text) => text.replace(/^(\w+)\//, '$1://')) })}\n`,
);

async function embedded() {
  const thread = await startEngineThread({
    listen: [{ protocol: 'udp', address: '127.0.0.1', port: 0 }],
    client: { host: '127.0.0.1', port: 0 },
    secret: 'bench',
  });
  return { ...thread.client, secret: thread.secret };
}

function parsed(text: string) {
  const [host = '', port, secret = ''] = text.split(':');
  return { host, port: Number(port), secret };
}
