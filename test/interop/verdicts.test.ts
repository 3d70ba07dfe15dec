import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RULES } from '../../src/call/index.ts';
import { explain } from '../../src/ledger/index.ts';
import { describeWith } from '../support/peers.ts';
import { startRig, type Rig } from './verdict-rig.ts';
import { ELSEWHERE_TRIED, TABLE, type Row } from './verdict-table.ts';

describe('the table of scenarios', () => {
  it('has a row for every line of the classifier, or says where that is tried', () => {
    const covered = new Set(TABLE.map(({ rule }) => rule));
    const open = RULES.filter((rule) => !covered.has(rule) && !(rule in ELSEWHERE_TRIED));
    expect(open).toEqual([]);
    const unknown = [...covered, ...Object.keys(ELSEWHERE_TRIED)].filter(
      (rule) => rule !== null && !RULES.includes(rule),
    );
    expect(unknown).toEqual([]);
  });

  it('names every row once', () => {
    expect(new Set(TABLE.map(({ what }) => what)).size).toBe(TABLE.length);
  });
});

/**
 * Debian's sipp has no TLS: a relay stands before each, and on two busy cores rows that rest on milliseconds say more of it than of
 * the gateway. Over TLS `npm test` plays those with one caller and one phone; MCG_VERDICTS=all plays every row.
 */
const OVER_TLS =
  process.env['MCG_VERDICTS'] === 'all'
    ? TABLE
    : TABLE.filter(
        ({ callers, hops, rule }, index) =>
          index === 0 ||
          (index % 3 === 0 && callers.length === 1 && hops.length === 1 && !/CANCEL|hung up/.test(rule ?? '')),
      );

for (const wire of ['udp', 'tcp', 'tls'] as const) {
  const table = wire === 'tls' ? OVER_TLS : TABLE;
  describeWith('sipp', `the verdicts, between sipp and sipp over ${wire.toUpperCase()}`, () => {
    let rig: Rig;
    beforeAll(async () => {
      const last = { udp: 1, tcp: 2, tls: 3 }[wire];
      // A network of this process's own: no other test has its ports.
      const prefix = `127.${100 + last}.${process.pid % 250}.`;
      // A relay stands before each sipp over TLS, and both cores are busy: it is silent a little longer.
      const patience = wire === 'tls' ? { timerBMs: 2_000 } : {};
      rig = await startRig(table, { wire, prefix, gateway: `${prefix}100`, ...patience });
    }, 60_000);
    afterAll(async () => {
      await rig.stop();
    });

    it.each(table)('$what', { timeout: 90_000 }, async (row) => {
      await expectRow(rig, row);
    });

    it('mcg explain says the same', async () => {
      const [row] = table;
      const { calls } = await rig.play(row as Row);
      const [call] = calls;
      const said = await rig.gateways.get('plain')?.mcg('explain', call?.id ?? '');
      expect(said).toContain('The rule that made it: a phone of the call answered');
    });
  });
}

export async function expectRow(rig: Rig, row: Row): Promise<void> {
  const { callers, calls, number, waited } = await rig.play(row);
  // It complains of a slow machine, too.
  const failed = callers.filter(({ code }) => code !== 0);
  expect(failed).toEqual([]);
  if (row.rule === null) return;
  expect(calls).toHaveLength(row.calls ?? 1);
  if (row.waits === true) expect(waited).toBe(true);
  for (const call of calls) {
    const text = explain(call).join('\n');
    const [outcome, cause, decision, reason] = row.verdict ?? [];
    const [own] = call.decisions;
    expect([call.outcome, call.cause, own?.decision, own?.reason], text).toEqual([outcome, cause, decision, reason]);
    expect(call.rule, text).toBe(row.rule);
    const kinds = call.evidence.map(({ kind }) => kind as string);
    for (const wanted of row.evidence ?? []) {
      expect(
        wanted.split('|').some((kind) => kinds.includes(kind)),
        `${wanted} in ${text}`,
      ).toBe(true);
    }
    expect(text).toContain(`Verdict: ${String(outcome)}${cause === null ? '' : ` / ${String(cause)}`} (`);
    expect(text).toContain(`The rule that made it: ${row.rule}.`);
    const whom = reason === 'no-mailbox' ? 'nobody to notify' : `mailbox "m${number}"`;
    const verb = decision === 'notify' ? 'notify ' : reason === 'no-mailbox' ? '' : 'do not notify ';
    expect(text).toContain(`Decision: ${verb}${whom} (${String(reason)}): `);
    for (const phrase of row.says ?? []) expect(text).toContain(phrase);
  }
}
