import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openSqliteJournal, type CallView, type Journal } from '../../src/journal/index.ts';
import { makeAuthority } from '../support/certificates.ts';
import {
  gatewayFiles,
  removeFiles,
  startGateway,
  type GatewayProcess,
  type LogLine,
} from '../support/gateway-process.ts';
import type { BadWire } from '../support/bad-wire.ts';
import { callee, caller, type Behaviour, type Place, type Wire } from '../support/scenarios.ts';
import type { SippRun } from '../support/sipp.ts';
import { HOPS, PEERS, type Caller, type Hop, type PeerName, type Row } from './verdict-table.ts';

const TOKEN = 'a-token-of-32-characters-or-more';
/** Callers of sipp that run at once: more make two cores late. */
const AT_ONCE = 24;
const VOICEMAIL_DIGIT = { answers: 0, refuses: 1, silent: 2, blank: 3, none: 4, left: 5 } as const;

export interface Outcome {
  /** sipp's exit codes and complaints, by caller. */
  readonly callers: readonly { readonly code: number; readonly errors: string }[];
  readonly number: string;
  readonly waited: boolean;
  readonly calls: readonly CallView[];
}

export interface Network {
  readonly wire: Wire;
  /** Where its callers and callees stand: `127.77.3.` and a last number. */
  readonly prefix: string;
  /** The gateway's own address. */
  readonly gateway: string;
  /** What starts a sipp there. */
  readonly within?: readonly string[];
  /** UDP over a bad network that is no network of the machine's. */
  readonly bad?: BadWire;
  /** Default: impatient, so that a row takes a second or two. */
  readonly timerBMs?: number;
  readonly ringTimeoutMs?: number;
}

interface Numbered extends Row {
  readonly number: string;
}

/** The table's rows, each with a number of its own, on running gateways: one for each set of voicemail settings. */
export interface Rig {
  readonly gateways: ReadonlyMap<'plain' | 'told', GatewayProcess>;
  /** What became of a row; all of them are played at once. */
  play(row: Row): Promise<Outcome>;
  stop(): Promise<void>;
}

export async function startRig(table: readonly Row[], network: Network): Promise<Rig> {
  const { wire, prefix, within, bad } = network;
  const rows: Numbered[] = table.map((row, index) => ({
    ...row,
    number: `${row.mailbox === false ? 9 : 2}${VOICEMAIL_DIGIT[row.voicemail ?? 'answers']}${String(index).padStart(3, '0')}`,
  }));
  const authority = wire === 'tls' ? makeAuthority() : null;
  let port = 5_100;
  const place = (last: string): Place => {
    // Apart: sipp wants four ports for media behind its spare one.
    port += 10;
    const address = `${prefix}${last}`;
    const tls =
      authority === null ? {} : { tls: { ca: authority.certificate, own: authority.issue([`IP:${address}`]) } };
    return {
      wire,
      address,
      port,
      spare: port + 1,
      ...tls,
      ...(within === undefined ? {} : { within }),
      ...(bad === undefined ? {} : { bad }),
    };
  };
  const suffix = wire === 'udp' ? '' : `;transport=${wire}`;
  const uriOf = ({ address, port: at }: Place): string => `sip:${address}:${at}${suffix}`;

  const callees = new Map<string, { readonly behaviour: Behaviour; readonly place: Place }>();
  const hopUri = (hop: Hop | 'dead', row: Numbered): string => {
    if (hop === 'dead') return `sip:${prefix}${HOPS.phone}:5099${suffix}`;
    const { at = 'phone', ...rest } = hop;
    const behaviour = filled(rest, row.number);
    const key = JSON.stringify([at, behaviour]);
    const known = callees.get(key) ?? { behaviour, place: place(HOPS[at]) };
    callees.set(key, known);
    return uriOf(known.place);
  };
  const routes = rows.flatMap((row) =>
    [
      { to: `${row.number}$`, hops: row.hops, from: undefined },
      { to: `^${otherOf(row.number)}$`, hops: row.others ?? [], from: undefined },
    ]
      .filter(({ hops }) => hops.length > 0)
      .map(({ to, hops }) => {
        const uris = hops.map((hop) => `"${hopUri(hop, row)}"`).join(', ');
        return `    - { to: '${to}', nextHop: [${uris}] }`;
      }),
  );
  const ambiguous = hopUri({ scenario: 'uas-rings' }, rows[0] as Numbered);
  routes.push(`    - { to: '^29999$', nextHop: ["${ambiguous}"] }`);
  const voicemail = { behaviour: { scenario: 'uas-voicemail', pauseMs: 100 }, place: place('30') };

  const own: Record<PeerName, string> = {
    pbx: 'voicemail: none',
    diverted: 'voicemail: gateway',
    upstream: 'voicemail: upstream',
    downstream: 'voicemail: downstream',
    distrusted: 'voicemail: none, trustReason: false',
    forker: 'voicemail: none, forks: true',
    calledFromTo: 'voicemail: none, calledFrom: to',
    calledFromHeader: 'voicemail: none, calledFrom: p-called-party-id',
  };
  const peers = (Object.keys(PEERS) as PeerName[]).map(
    (name) => `  - { name: ${name}, allow: [${prefix}${PEERS[name]}], ${own[name]} }`,
  );
  const settings = (told: boolean): string => `  timerB: ${network.timerBMs ?? 800}ms
${authority === null ? '' : '  tls: { certificate: own.pem, keyFile: own.key, serverCa: ca.pem }\n'}peers:
${peers.join('\n')}
  - { name: carrier, allow: [${prefix}${HOPS.carrier}], carrierVoicemailGuard: 1500ms }
  - { name: late, allow: [${prefix}${HOPS.late}], answersAfter: 500ms..3s }
routing:
  ringTimeout: ${network.ringTimeoutMs ?? 1_500}ms
  routes:
${routes.join('\n')}
voicemail:
  owner: gateway
  target: sip:voicemail@${uriOf(voicemail.place).slice(4)}
  targets: ["5000"]
  greeting: 1s
  minimumMessage: 500ms
  settle: 2s
${told ? '  eventTokenFile: event-token\n  byeHeader: X-Voicemail-Message\n' : ''}`;

  const runs: SippRun[] = [];
  const startOne = async (kind: 'plain' | 'told'): Promise<GatewayProcess> => {
    const files = await gatewayFiles(settings(kind === 'told'), {
      policy: policyOf(rows),
      listen: `[${wire}://${network.gateway}:0]`,
      more: 'stopTimeout: 1s\n',
    });
    await writeFile(join(files.folder, 'event-token'), `${TOKEN}\n`);
    if (authority !== null) {
      const { certificate, key } = authority.issue([`IP:${network.gateway}`]);
      await writeFile(join(files.folder, 'own.pem'), certificate);
      await writeFile(join(files.folder, 'own.key'), key);
      await writeFile(join(files.folder, 'ca.pem'), authority.certificate);
    }
    return startGateway(files);
  };
  const [plain, told] = await Promise.all([startOne('plain'), startOne('told')]);
  for (const one of [...callees.values(), voicemail]) runs.push(await callee(one.behaviour, one.place));
  const gateways = new Map([['plain', plain] as const, ['told', told] as const]);
  const journals = new Map<GatewayProcess, Journal>();
  for (const gateway of gateways.values()) {
    const path = join(gateway.folder, 'var/gateway.db');
    journals.set(gateway, await openSqliteJournal({ path, node: 'test', now: Date.now, mode: 'beside' }));
  }

  const free = limited(AT_ONCE);

  async function start(behaviour: Caller, { number }: Numbered, to: string, session: string): Promise<SippRun> {
    const { peer = 'pbx', dials = (itself: string) => itself, callId } = behaviour;
    const what = filled(behaviour, number, session);
    const run = await caller(what, place(PEERS[peer]), {
      number: dials(number),
      gateway: to,
      ...(callId === undefined ? {} : { callId: callId.replace('@session@', session) }),
    });
    runs.push(run);
    return run;
  }

  async function play(row: Numbered): Promise<Outcome> {
    const { number, totals, event, waits, calls = 1 } = row;
    const gateway = gateways.get(row.gateway ?? 'plain') as GatewayProcess;
    const to = addressOf(gateway, wire);
    const callee = row.callee?.(number) ?? number;
    const session = randomUUID().replaceAll('-', '');
    const tell = async (total: number): Promise<void> => {
      // Totals count where who tells them has a voicemail system behind it.
      const notify: Caller = { scenario: 'uac-tells-messages', peer: 'upstream', keys: { total: String(total) } };
      await (
        await start(notify, row, to, session)
      ).done;
    };
    if (totals !== undefined) await tell(totals.before);

    const all: SippRun['done'][] = [];
    for (const one of row.callers) {
      if (one.afterMs !== undefined) await pause(one.afterMs);
      if (one.thenCalls === true) await all.at(-1);
      all.push((await start(one, row, to, session)).done);
    }
    const callers = await Promise.all(all);
    if (row.rule === null || callers.some(({ code }) => code !== 0))
      return { callers, number, waited: false, calls: [] };
    const about = (line: LogLine): boolean => line['callee'] === callee;
    if (waits === true) {
      await gateway.logged((line) => about(line) && line['msg'] === 'call ended, its verdict waits for evidence');
      if (totals?.after !== undefined) await tell(totals.after);
      if (event !== undefined) await post(gateway, { number, event });
    }
    const seen: string[] = [];
    await gateway.logged((line) => {
      if (about(line) && line['msg'] === 'call ended') seen.push(String(line['call']));
      return seen.length === calls;
    });
    const waited = gateway.log.some((line) => about(line) && String(line['msg']).endsWith('waits for evidence'));
    const journal = journals.get(gateway);
    const views = await Promise.all(seen.map(async (id) => (await journal?.call(id)) ?? null));
    return { callers, number, waited, calls: views.filter((view) => view !== null) };
  }

  // Who waits longest begins.
  const order = [...rows].sort((a, b) => patience(b) - patience(a));
  const played = new Map(order.map((row) => [row.what, settled(free(() => play(row)))] as const));
  return {
    gateways,
    play: async (row) => {
      const result = await played.get(row.what);
      if (result === undefined) throw new Error('no such row');
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    },
    stop: async () => {
      await Promise.all(runs.map((run) => run.stop()));
      for (const journal of journals.values()) await journal.close();
      for (const gateway of gateways.values()) {
        await gateway.stop();
        await removeFiles(gateway);
      }
    },
  };
}

function otherOf(number: string): string {
  return `7${number.slice(1)}`;
}

function filled({ scenario, status, pauseMs, keys = {} }: Behaviour, number: string, session = ''): Behaviour {
  const text = JSON.stringify(keys)
    .replaceAll('@number@', number)
    .replaceAll('@other@', otherOf(number))
    .replaceAll('@session@', session);
  return {
    scenario,
    ...(status === undefined ? {} : { status }),
    ...(pauseMs === undefined ? {} : { pauseMs }),
    keys: JSON.parse(text) as NonNullable<Behaviour['keys']>,
  };
}

function policyOf(rows: readonly Numbered[]): string {
  const plan = (name: string) =>
    `  - { name: ${name}, uriType: TelExtn, numberOfDigitsInExtension: 5, countryOrRegionCode: "33", defaultLanguage: en-US, timeZone: Europe/Paris, numberPrefixes: ["+3314000"] }`;
  const mailbox = (identity: string, extension: string, policy: string) =>
    `  - { identity: ${identity}, displayName: Alice, emailAddress: ${identity}@example.com, extensions: ["${extension}"], sipAddresses: ["sip:${extension}@alice.example"], mailboxPolicy: ${policy} Default Policy }`;
  return `dialPlans:
${plan('Paris')}
${plan('Lyon').replace('+3314000', '+3344000')}
mailboxes:
${rows
  .filter((row) => row.mailbox !== false)
  .map(({ number }) => mailbox(`m${number}`, number, 'Paris'))
  .join('\n')}
${['Paris', 'Lyon'].map((name) => mailbox(`both-${name}`, '29999', name).replace('sipAddresses: ["sip:29999@alice.example"], ', '')).join('\n')}
`;
}

function addressOf(gateway: GatewayProcess, wire: Wire): string {
  const ready = gateway.log.find(({ msg }) => msg === 'ready') as unknown as { sip: string[] };
  return ready.sip.find((text) => text.startsWith(wire))?.replace(/^\w+:?\/+/, '') ?? '';
}

async function post(gateway: GatewayProcess, body: object): Promise<void> {
  const response = await fetch(`${gateway.admin}/api/v1/voicemail-events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify(body),
  });
  if (response.status !== 202) throw new Error(`the event got ${response.status}: ${await response.text()}`);
}

function patience({ callers }: Row): number {
  return Math.max(...callers.map(({ pauseMs = 0 }) => pauseMs));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function settled<T>(promise: Promise<T>): Promise<PromiseSettledResult<T>> {
  const [result] = await Promise.allSettled([promise]);
  return result;
}

/** Runs at most so many at once, in the order in which they were asked for. */
function limited(atOnce: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
      waiting.shift()?.();
    }
  };
}
