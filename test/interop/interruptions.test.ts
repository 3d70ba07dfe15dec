import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { openSqliteJournal, type CallView } from '../../src/journal/index.ts';
import { explain } from '../../src/ledger/index.ts';
import {
  gatewayFiles,
  POLICY,
  removeFiles,
  startGateway,
  type GatewayFiles,
  type GatewayProcess,
} from '../support/gateway-process.ts';
import { describeWith } from '../support/peers.ts';
import { callee, caller, type Behaviour } from '../support/scenarios.ts';
import type { SippRun } from '../support/sipp.ts';

/** Calls that a gateway leaves behind: the last line of the table (design 4.1), by number. */
const EXPECTED = {
  '1001': ['missed', 'interrupted', 'notify', 'missed'],
  '1002': ['answered', 'interrupted', 'skip', 'answered'],
  '1003': ['missed', 'interrupted', 'notify', 'missed'],
} as const;
const PREFIX = `127.105.${process.pid % 250}.`;
const POLICY_OF_THREE = `${POLICY}  - { identity: carol, displayName: Carol, emailAddress: carol@example.com, extensions: ["1003"], mailboxPolicy: Paris Default Policy }
`;

describeWith('sipp', 'calls that the gateway ends', () => {
  const runs: SippRun[] = [];
  const folders: GatewayFiles[] = [];
  let port = 5_100;

  afterEach(async () => {
    await Promise.all(runs.splice(0).map((run) => run.stop()));
    await Promise.all(folders.splice(0).map(removeFiles));
  });

  function place(last: string) {
    port += 10;
    return { wire: 'udp', address: `${PREFIX}${last}`, port, spare: port + 1 } as const;
  }

  /** A gateway that carries three calls: 1001 rings, 1002 talks, 1003 listens to a voicemail's greeting. */
  async function withThreeCalls(): Promise<GatewayProcess> {
    const starting: readonly (readonly [string, Behaviour])[] = [
      ['20', { scenario: 'uas-rings' }],
      ['21', { scenario: 'uas-answers' }],
      ['22', { scenario: 'uas-refuses', status: 486 }],
      ['30', { scenario: 'uas-voicemail' }],
    ];
    const at: string[] = [];
    for (const [last, behaviour] of starting) {
      const where = place(last);
      runs.push(await callee(behaviour, where));
      at.push(`${where.address}:${where.port}`);
    }
    const files = await gatewayFiles(
      `peers:
  - { name: pbx, allow: [${PREFIX}1] }
routing:
  ringTimeout: 60s
  routes:
${['1001', '1002', '1003'].map((number, index) => `    - { to: '^${number}$', nextHop: ["sip:${at[index]}"] }`).join('\n')}
voicemail:
  owner: gateway
  target: sip:voicemail@${at[3]}
  settle: 1s`,
      { policy: POLICY_OF_THREE, listen: `[udp://${PREFIX}100:0]`, more: 'stopTimeout: 0s\n' },
    );
    folders.push(files);
    const gateway = await startGateway(files);
    const behaviours: readonly (readonly [string, Behaviour])[] = [
      ['1001', { scenario: 'uac-hangs-up', pauseMs: 20_000 }],
      ['1002', { scenario: 'uac-talks', pauseMs: 20_000 }],
      ['1003', { scenario: 'uac-talks', pauseMs: 20_000 }],
    ];
    for (const [number, behaviour] of behaviours) {
      runs.push(await caller(behaviour, place('1'), { number, gateway: gateway.sip.udp }));
    }
    return gateway;
  }

  /** The three calls, once the journal has all that can be known of them while they live. */
  async function calls(files: GatewayFiles, ready: (calls: readonly CallView[]) => boolean): Promise<CallView[]> {
    const path = join(files.folder, 'var/gateway.db');
    const journal = await openSqliteJournal({ path, node: 'test', now: Date.now, mode: 'beside' });
    try {
      for (;;) {
        const summaries = await journal.calls({ limit: 10 });
        const views = (await Promise.all(summaries.map(({ id }) => journal.call(id)))).filter((view) => view !== null);
        if (ready(views)) return views;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    } finally {
      await journal.close();
    }
  }

  const underWay = (views: readonly CallView[]): boolean =>
    views.length === 3 && views.filter(({ answeredAt }) => answeredAt !== null).length === 2;
  const judged = (views: readonly CallView[]): boolean =>
    views.length === 3 && views.every(({ outcome }) => outcome !== null);

  function expectInterrupted(views: readonly CallView[], rules: Readonly<Record<keyof typeof EXPECTED, string>>): void {
    for (const number of Object.keys(EXPECTED) as (keyof typeof EXPECTED)[]) {
      const call = views.find(({ callee: called }) => called === number);
      expect(call).toBeDefined();
      if (call === undefined) continue;
      const text = explain(call).join('\n');
      const [own] = call.decisions;
      expect([call.outcome, call.cause, own?.decision, own?.reason], text).toEqual(EXPECTED[number]);
      expect(call.evidence.map(({ kind }) => kind)).toContain('interrupted');
      expect(text).toContain(`The rule that made it: ${rules[number]}.`);
    }
  }

  /** What voicemail had waits for word of a message: the next start settles it. */
  async function settledAgain(files: GatewayFiles): Promise<CallView[]> {
    const again = await startGateway(files);
    const views = await calls(files, judged);
    await again.stop();
    return views;
  }

  it('SIGTERM: what rings or is with voicemail is missed, what talks was answered', { timeout: 60_000 }, async () => {
    const gateway = await withThreeCalls();
    await calls(gateway, underWay);
    expect(await gateway.stop()).toBe(0);
    expectInterrupted(await settledAgain(gateway), {
      '1001': 'the gateway ended the call while it rang',
      '1002': 'a phone of the call answered, and our 200 left before any CANCEL',
      '1003': 'the gateway ended the call while the voicemail system had it',
    });
  });

  it('kill -9: the next start settles them', { timeout: 60_000 }, async () => {
    const gateway = await withThreeCalls();
    await calls(gateway, underWay);
    await gateway.kill();
    expectInterrupted(await settledAgain(gateway), {
      '1001': 'the gateway stopped before anybody answered',
      '1002': 'the gateway stopped while a phone had answered',
      '1003': 'the gateway stopped while the voicemail system had the call',
    });
  });
});
