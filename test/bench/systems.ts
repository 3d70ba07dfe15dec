import { startDrachtioServer } from './drachtio-server.ts';
import { startGateway } from './gateway.ts';
import { startKamailio } from './kamailio.ts';
import { acceptingServer, hangingServer } from './mail-servers.ts';
import { listening, runNode, type Program, type RunOptions } from './program.ts';
import { freePort } from '../support/ports.ts';
import type { System } from './types.ts';

/** Rejects with NotInstalled where the machine has it not. */
export type Start = () => Promise<System>;

export const SYSTEMS = {
  gateway: startQueueing,
  'gateway-delivering': startDelivering,
  'gateway-drachtio': startGatewayOnDrachtioServer,
  b2bua: startB2bua,
  'b2bua-engine': startB2buaOnEngine,
  'b2bua-drachtio': startB2buaOnDrachtioServer,
  kamailio: startKamailio,
} as const satisfies Record<string, Start>;

export type SystemName = keyof typeof SYSTEMS;

/** As the tables name them. */
export const TITLES: Readonly<Record<SystemName, string>> = {
  gateway: 'gateway',
  'gateway-delivering': 'gateway, mails delivered',
  'gateway-drachtio': 'gateway on drachtio-server',
  b2bua: 'createB2BUA, engine in its process',
  'b2bua-engine': 'createB2BUA on mcg engine',
  'b2bua-drachtio': 'createB2BUA on drachtio-server',
  kamailio: 'kamailio, relaying',
};

/** The mail server hangs: mails are written to the journal and not sent. */
async function startQueueing(): Promise<System> {
  const server = await hangingServer();
  const gateway = await startGateway({ smtp: server.uri });
  return {
    ...gateway,
    stop: async () => {
      await gateway.stop();
      await server.close();
    },
  };
}

async function startDelivering(): Promise<System> {
  const server = await acceptingServer();
  const gateway = await startGateway({ smtp: server.uri });
  return {
    ...gateway,
    settled: (calls) => server.accepted(calls),
    stop: async () => {
      await gateway.stop();
      await server.close();
    },
  };
}

async function startGatewayOnDrachtioServer(): Promise<System> {
  const drachtio = await startDrachtioServer();
  const mail = await hangingServer();
  const gateway = await startGateway({ smtp: mail.uri, drachtio: drachtio.client });
  return {
    ...gateway,
    sip: drachtio.sip,
    processes: [
      { pid: drachtio.program.pid, label: 'drachtio-server' },
      { pid: gateway.program.pid, label: 'gateway' },
    ],
    stop: async () => {
      await gateway.stop();
      await mail.close();
      await drachtio.stop();
    },
  };
}

async function startB2bua(): Promise<System> {
  const { program, sip, calleePort } = await startBareApplication();
  return { sip, calleePort, processes: [{ pid: program.pid, label: '' }], stop: () => program.kill() };
}

async function startB2buaOnEngine(): Promise<System> {
  const [calleePort, sipPort, clientPort] = [await freePort(), await freePort(), await freePort()];
  const engine = runNode(
    `src/main.ts engine --listen udp://127.0.0.1:${sipPort} --client 127.0.0.1:${clientPort} --secret bench`.split(' '),
  );
  await listening(engine, clientPort);
  const program = await startApplicationOn(`127.0.0.1:${clientPort}:bench`, calleePort);
  return {
    sip: `127.0.0.1:${sipPort}`,
    calleePort,
    processes: [
      { pid: engine.pid, label: 'engine' },
      { pid: program.pid, label: 'application' },
    ],
    stop: async () => {
      await program.kill();
      await engine.kill();
    },
  };
}

async function startB2buaOnDrachtioServer(): Promise<System> {
  const drachtio = await startDrachtioServer();
  const calleePort = await freePort();
  const { host, port, secret } = drachtio.client;
  const program = await startApplicationOn(`${host}:${port}:${secret}`, calleePort);
  return {
    sip: drachtio.sip,
    calleePort,
    processes: [
      { pid: drachtio.program.pid, label: 'drachtio-server' },
      { pid: program.pid, label: 'application' },
    ],
    stop: async () => {
      await program.kill();
      await drachtio.stop();
    },
  };
}

/** The bare application of b2bua.ts with an engine on a thread of its own. */
export async function startBareApplication(node: readonly string[] = [], options?: RunOptions) {
  const calleePort = await freePort();
  const program = runNode([...node, 'test/bench/b2bua.ts', `sip:1001@127.0.0.1:${calleePort}`], options);
  const { sip } = JSON.parse(await program.says('"sip"')) as { sip: string[] };
  return { program, calleePort, sip: sip[0]?.replace('udp://', '') ?? '' };
}

/** The same on the engine at an address. */
async function startApplicationOn(engine: string, calleePort: number): Promise<Program> {
  const program = runNode(['test/bench/b2bua.ts', `sip:1001@127.0.0.1:${calleePort}`, engine]);
  await program.says('"sip"');
  return program;
}
