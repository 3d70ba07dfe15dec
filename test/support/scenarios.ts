import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { badWire, type BadWire } from './bad-wire.ts';
import type { Credentials } from './certificates.ts';
import { freePort } from './ports.ts';
import { sipp, type SippRun } from './sipp.ts';
import { tlsInwards, tlsOutwards, type Relay } from './tls-relay.ts';

/** The folder of the scenario library; its README says what each needs. */
export const SCENARIOS = 'test/scenarios';

export type Wire = 'udp' | 'tcp' | 'tls';

/** A scenario of the library, and what is filled in. */
export interface Behaviour {
  /** Its file, without `.xml`. */
  readonly scenario: string;
  /** In place of the 480 that is written there. */
  readonly status?: number;
  /** sipp's -d. */
  readonly pauseMs?: number;
  /** sipp's -key. A list is further lines of a message. */
  readonly keys?: Readonly<Record<string, string | readonly string[]>>;
}

export interface Place {
  readonly wire: Wire;
  readonly address: string;
  readonly port: number;
  /** Where its sipp listens behind a TLS of ours; its RTP has the next ports. */
  readonly spare: number;
  /** The certificate authority and its own certificate, for TLS. */
  readonly tls?: { readonly ca: string; readonly own: Credentials };
  readonly within?: readonly string[];
  /** UDP over a bad network. */
  readonly bad?: BadWire;
}

const KEYS: Readonly<Record<string, string | readonly string[]>> = {
  name: 'Jean Dupont',
  from: '+33199001234',
  hops: '70',
  contact: 'callee',
  total: '0',
  wanted: 'INVITE',
  unwanted: 'nothing like this',
  headers: [],
  cancel: [],
  bye: [],
  progress: [],
  answer: [],
  refusal: [],
  update: [],
};

const lines = (value: string | readonly string[]): string =>
  typeof value === 'string' ? value : value.map((line) => `\r\n${line}`).join('');

async function xmlOf({ scenario, status }: Behaviour): Promise<string> {
  const xml = await readFile(join(SCENARIOS, `${scenario}.xml`), 'utf8');
  return status === undefined
    ? xml
    : xml.replace('response="480"', `response="${status}"`).replace('SIP/2.0 480', `SIP/2.0 ${status}`);
}

async function common(
  { keys = {}, pauseMs = 0 }: Behaviour,
  { spare }: Place,
  own: Readonly<Record<string, string>>,
): Promise<string[]> {
  const filled = Object.entries({ ...KEYS, ...own, ...keys }).flatMap(([key, value]) => ['-key', key, lines(value)]);
  // Its remote control listens on all addresses, whoever else runs tests here.
  const control = await freePort('0.0.0.0');
  return ['-d', String(pauseMs), '-mp', String(spare + 1), '-cp', String(control), ...filled];
}

/** Starts a callee. */
export async function callee(behaviour: Behaviour, place: Place): Promise<SippRun> {
  const { wire, address, port, spare, tls, within, bad } = place;
  const overTls = wire === 'tls' && tls !== undefined;
  const relayed = overTls || bad !== undefined;
  const xml = overTls ? (await xmlOf(behaviour)).replaceAll('[transport]', 'TLS') : await xmlOf(behaviour);
  const run = await sipp({
    xml: relayed ? xml.replaceAll('[local_port]', String(port)) : xml,
    address,
    port: relayed ? spare : port,
    transport: wire === 'udp' ? 'u1' : 't1',
    timeoutSeconds: 120,
    extra: await common(behaviour, place, {}),
    ...(within === undefined ? {} : { within }),
  });
  const here = { host: address, port: spare };
  if (bad !== undefined) return behind(run, await badWire({ host: address, port }, here, null, bad));
  if (!overTls) return run;
  return behind(run, await tlsInwards({ host: address, port }, here, tls.own));
}

/** Makes one call to `number`. `gateway`: `host:port`. */
export async function caller(
  behaviour: Behaviour,
  place: Place,
  { number, gateway, callId }: { readonly number: string; readonly gateway: string; readonly callId?: string },
): Promise<SippRun> {
  const { wire, address, port, spare, tls, within, bad } = place;
  if (bad !== undefined) return farCaller(behaviour, place, bad, { number, gateway });
  const overTls = wire === 'tls' && tls !== undefined;
  const xml = await xmlOf(behaviour);
  const [host = '', at = ''] = gateway.split(':');
  const here = { host: address, port: spare };
  const relay = overTls ? await tlsOutwards(here, { host, port: Number(at) }, tls.ca) : null;
  const extra = ['-s', number, ...(await common(behaviour, place, { to: number }))];
  if (callId !== undefined) extra.push('-cid_str', callId);
  const run = await sipp({
    xml: overTls ? xml.replaceAll('[transport]', 'TLS').replaceAll('[remote_ip]:[remote_port]', gateway) : xml,
    address,
    port,
    target: overTls ? `${address}:${spare}` : gateway,
    transport: wire === 'udp' ? 'u1' : 't1',
    timeoutSeconds: 30,
    extra,
    ...(within === undefined ? {} : { within }),
  });
  return relay === null ? run : behind(run, relay);
}

/** A caller behind a bad network. */
async function farCaller(
  behaviour: Behaviour,
  place: Place,
  bad: BadWire,
  { number, gateway }: { readonly number: string; readonly gateway: string },
): Promise<SippRun> {
  const { address, port, spare } = place;
  const [host = '', at = ''] = gateway.split(':');
  const wire = await badWire({ host: address, port }, { host: address, port: spare }, { host, port: Number(at) }, bad);
  const xml = await xmlOf(behaviour);
  const run = await sipp({
    xml: xml.replaceAll('[remote_ip]:[remote_port]', gateway).replaceAll('[local_port]', String(port)),
    address,
    port: spare,
    target: `${wire.door.host}:${wire.door.port}`,
    timeoutSeconds: 60,
    extra: ['-s', number, ...(await common(behaviour, place, { to: number }))],
  });
  return behind(run, wire);
}

function behind(run: SippRun, relay: Relay): SippRun {
  const done = run.done.finally(() => relay.close());
  return {
    ...run,
    done,
    stop: async () => {
      await run.stop();
      relay.close();
    },
  };
}
