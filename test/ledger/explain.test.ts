import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DECISION_REASONS, EVIDENCE_KINDS, RULES } from '../../src/call/index.ts';
import { NOTIFICATION_STATES, type CallView } from '../../src/journal/index.ts';
import { explain } from '../../src/ledger/index.ts';
import { WORDS } from '../../src/ledger/words/index.ts';
import { EVERY_MISSED_CALL } from '../../src/policy/load.ts';
import { bob, callStart, evidence, missed, notification } from '../journal/samples.ts';
import { oneCall, START } from '../support/call-events.ts';
import { bench, stateOf, type Bench } from './support.ts';

const rangOut = stateOf(oneCall().rings(1).timesOut(21).final(21, 487));

function view(changes: Partial<CallView> = {}): CallView {
  const start = callStart({ id: '01990000-0000-7000-8000-000000000001', startedAt: START });
  const { decisions, notifications, verdict, ...course } = missed(start.id, {
    endedAt: START + 21_000,
    rangAt: START + 1_000,
    evidence: [evidence('sip:1001@pbx rang', START + 1_000)],
    state: rangOut,
    notifications: [notification(start.id, { id: '01990000-0000-7000-8000-000000000002' })],
  });
  return {
    ...start,
    ...course,
    ...verdict,
    outcome: 'missed',
    cause: 'no-answer',
    node: 'gw1',
    pendingUntil: null,
    decisions: decisions.map((decision) => ({ ...decision, notifications })),
    ...changes,
  };
}

describe('the explanation of a call', () => {
  let gateway: Bench;
  beforeEach(async () => {
    gateway = await bench();
  });
  afterEach(() => gateway.end());

  it('tells the way from evidence to mail', async () => {
    const call = callStart({ startedAt: START });
    await gateway.ledger.begin(call);
    gateway.ledger.ended(call.id, rangOut, START + 21_000);
    await gateway.drain();
    const [owed] = await gateway.journal.notifications({ limit: 1 });
    expect(explain((await gateway.journal.call(call.id))!)).toEqual([
      `Call ${call.id} (Call-ID ${call.sipCallId}) came from peer "pbx" to node "gw1".`,
      'On 2023-11-14 22:13:20 UTC "Bob Dupont" (+33140009999) called 1001, the number of mailbox "alice".',
      'It ended after 21.0 s; it rang for 20.0 s.',
      'What was seen:',
      '     +1.0 s  leg-1: sip:leg-1@pbx rang',
      '    +21.0 s  gateway: the ring timer gave sip:leg-1@pbx up',
      'Verdict: missed / no-answer (the call was missed: nobody answered).',
      'The rule that made it: rang, and nobody answered.',
      'Decision: notify mailbox "alice" (missed): the call counts as missed, and both the mailbox policy and the mailbox allow notifications.',
      `Notification ${owed?.id} by email: due, not tried yet: it waits to be sent; \`mcg notifications retry ${owed?.id}\` sends it now, \`mcg notifications drop ${owed?.id}\` never. Message-ID ${owed?.messageId}.`,
    ]);
  });

  it('names the switch that says no, and the command that sets it', () => {
    const decided = (reason: 'policy-disabled' | 'mailbox-disabled', detail: string) =>
      explain(
        view({ decisions: [{ mailbox: 'alice', primary: true, decision: 'skip', reason, detail, notifications: [] }] }),
      ).at(-1);
    expect(decided('policy-disabled', 'Paris Default Policy')).toBe(
      'Decision: do not notify mailbox "alice" (policy-disabled): mailbox policy "Paris Default Policy" has allowMissedCallNotifications: false (Set-UMMailboxPolicy -Identity "Paris Default Policy" -AllowMissedCallNotifications $true allows them).',
    );
    expect(decided('mailbox-disabled', 'alice')).toContain('Set-UMMailbox -Identity "alice"');
  });

  it('names the policy and the key of a condition that says no, and how to change it', () => {
    const decided = (detail: string) =>
      explain(
        view({
          decisions: [
            { mailbox: 'alice', primary: true, decision: 'skip', reason: 'condition', detail, notifications: [] },
          ],
        }),
      ).at(-1);
    expect(decided('conditions.busy of Paris Default Policy')).toBe(
      'Decision: do not notify mailbox "alice" (condition): mailbox policy "Paris Default Policy" says under conditions.busy that calls to a busy line are not told of (set it to true there, in the policy file, to be told of them).',
    );
    expect(decided('conditions.minimumRing of Staff')).toContain('(set it to 0s there, in the policy file,');
    expect(decided('notify: last of group sales')).toBe(
      'Decision: do not notify mailbox "alice" (condition): group "sales" has notify: last in the policy file: only the last member that rang is told (nobody, group, first, last or all: set it there, it holds at once).',
    );
    for (const key of Object.keys(EVERY_MISSED_CALL).map((key) => key.replace('RingMs', 'Ring'))) {
      expect(decided(`conditions.${key} of Staff`)).toMatch(
        new RegExp(`under conditions\\.${key} that calls .* are not told of `),
      );
    }
    expect(decided('of an older version')).toContain('a condition of the mailbox policy says no: of an older version');
  });

  it('of a group call tells who rang, in order, and who is told', () => {
    const rang = oneCall()
      .invites(0, 'b', { mailbox: 'bruno' })
      .rings(4, 'b')
      .invites(0, 'a', { mailbox: 'alice' })
      .rings(1, 'a')
      .invites(0, 'c', { mailbox: 'carol' })
      .final(1, 486, [], 'c');
    const lines = explain(
      view({
        mailbox: null,
        group: 'sales',
        state: stateOf(rang),
        decisions: [
          { mailbox: 'alice', primary: true, decision: 'notify', reason: 'missed', detail: null, notifications: [] },
          {
            mailbox: 'carol',
            primary: false,
            decision: 'skip',
            reason: 'not-rung',
            detail: 'did not ring for group sales',
            notifications: [],
          },
        ],
      }),
    );
    expect(lines[1]).toContain('called 1001, the number of group "sales", which has no mailbox of its own.');
    expect(lines.slice(-3)).toEqual([
      'Of group "sales" rang: "alice" at +1.0 s, "bruno" at +4.0 s.',
      'Decision: notify mailbox "alice" (missed): the call counts as missed, and both the mailbox policy and the mailbox allow notifications.',
      'Decision: do not notify mailbox "carol" (not-rung): did not ring for group sales.',
    ]);
    expect(explain(view({ mailbox: 'sam', group: 'sales' }))[1]).toContain('group "sales", whose mailbox is "sam".');
    expect(explain(view({ group: 'sales' }))).toContain('Of group "sales" rang: no phone of a mailbox.');
  });

  it('of an older record, which knows no groups, does not speak of any', () => {
    const { group: _, ...older } = view();
    expect(explain(older as CallView).join('\n')).not.toContain('group');
  });

  it('has words for every reason and every state of a mail', () => {
    for (const reason of DECISION_REASONS) {
      const decision = reason === 'missed' ? 'notify' : 'skip';
      const call = view({
        decisions: [{ mailbox: 'alice', primary: true, decision, reason, detail: null, notifications: [] }],
      });
      expect(explain(call).at(-1)).toMatch(new RegExp(`^Decision: .*\\(${reason}\\): .{10,}\\.$`));
    }
    for (const state of NOTIFICATION_STATES) {
      const [decided] = view().decisions;
      const notifications = decided!.notifications.map((one) => ({
        ...one,
        state,
        attempts: 3,
        lastError: '451 later',
      }));
      const line = explain(view({ decisions: [{ ...decided!, notifications }] })).at(-1);
      expect(line).toMatch(new RegExp(`: ${state}, tried 3 times: .*The last attempt failed: 451 later\\.`));
    }
  });

  it('tells of a call that goes on, one that waits for evidence, and one that was interrupted', () => {
    const open = { outcome: null, cause: null, state: null, decisions: [] };
    expect(explain(view({ ...open, endedAt: null, evidence: [] }))).toEqual(
      expect.arrayContaining(['It has not ended.', '  nothing yet', expect.stringContaining('still going on')]),
    );
    const waits = {
      ...open,
      pendingUntil: START + 90_000,
      rule: 'diverted to voicemail: what the voicemail leg shows',
    };
    expect(explain(view(waits)).slice(-2)).toEqual([
      'Verdict: none yet. It waits for word of whether a voicemail message was left until 2023-11-14 22:14:50 UTC.',
      'The rule that makes it wait: diverted to voicemail: what the voicemail leg shows.',
    ]);
    const totals = { ...evidence('2 messages', START), kind: 'message-totals' as const };
    const lines = explain(view({ ...waits, evidence: [totals] }));
    expect(lines).toContain(
      '     +0.0 s  leg-1: so many messages before the call: a later count can be compared: 2 messages',
    );
    expect(lines.at(-2)).toBe(
      'Verdict: none yet. It waits for word of a voicemail message, or for the count of messages to rise, until 2023-11-14 22:14:50 UTC.',
    );
  });

  it('of a call that a later start found does not say when it ended', () => {
    const lost = evidence('the gateway stopped during the call; found when it started again', START + 3_600_000);
    const lines = explain(view({ cause: 'interrupted', endedAt: START + 3_600_000, rangMs: null, evidence: [lost] }));
    expect(lines[2]).toBe('The gateway was found stopped; when the call ended is not known; it rang.');
  });

  it('says of a mail that is sent no more than is known: a folder or a mail server has it', () => {
    const [decided] = view().decisions;
    const notifications = decided!.notifications.map((one) => ({ ...one, state: 'sent' as const, attempts: 1 }));
    expect(explain(view({ decisions: [{ ...decided!, notifications }] })).at(-1)).toContain(
      'sent, tried once: it was handed over.',
    );
  });

  it('shows the rule that made the verdict then, whatever the rules are now, and none where none was kept', () => {
    const rules = (rule: string | null) => explain(view({ rule })).filter((line) => line.startsWith('The rule'));
    expect(rules('a rule of long ago')).toEqual(['The rule that made it: a rule of long ago.']);
    expect(rules(null)).toEqual([]);
  });

  it('hides the caller who asked for it', () => {
    const lines = explain(view({ caller: { ...bob, hidden: true } })).join('\n');
    expect(lines).toContain('a caller who asked not to be named called 1001');
    expect(lines).not.toMatch(/Bob|33140009999/);
  });

  it('lets nothing through that moves a cursor or turns the text around', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('\u001b[2J', '\r\n', '\u202e', '\u0085'),
        (text, nasty) => {
          const hostile = text + nasty;
          const lines = explain(
            view({
              caller: { ...bob, displayName: hostile, uri: hostile, number: null },
              callee: hostile,
              sipCallId: hostile,
              evidence: [evidence(hostile)],
            }),
          );
          for (const line of lines) expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        },
      ),
    );
  });

  it('is told in French, but for what was recorded', async () => {
    const call = callStart({ startedAt: START });
    await gateway.ledger.begin(call);
    gateway.ledger.ended(call.id, rangOut, START + 21_000);
    await gateway.drain();
    const [owed] = await gateway.journal.notifications({ limit: 1 });
    expect(explain((await gateway.journal.call(call.id))!, 'fr')).toEqual([
      `L’appel ${call.id} (Call-ID ${call.sipCallId}) est venu du pair «\u00a0pbx\u00a0» au nœud «\u00a0gw1\u00a0».`,
      'Le 2023-11-14 22:13:20 UTC, "Bob Dupont" (+33140009999) a appelé le 1001, le numéro de la boîte aux lettres «\u00a0alice\u00a0».',
      'Il s’est terminé après 21.0 s ; il a sonné pendant 20.0 s.',
      'Ce qui a été constaté :',
      '     +1.0 s  leg-1: un téléphone a sonné\u00a0: sip:leg-1@pbx rang',
      '    +21.0 s  gateway: la sonnerie a duré assez longtemps\u00a0: the ring timer gave sip:leg-1@pbx up',
      'Verdict : missed / no-answer (l’appel a été manqué : personne n’a répondu).',
      'La règle qui l’a établi : cela a sonné, et personne n’a répondu.',
      'Décision : avertir la boîte aux lettres «\u00a0alice\u00a0» (missed) : l’appel compte comme manqué, et la stratégie comme la boîte aux lettres autorisent les notifications.',
      `Notification ${owed?.id} par email : due, pas encore tentée : elle attend d’être envoyée ; \`mcg notifications retry ${owed?.id}\` l’envoie maintenant, \`mcg notifications drop ${owed?.id}\` jamais. Message-ID ${owed?.messageId}.`,
    ]);
  });

  it('has French for every rule of the verdict and every kind of evidence', () => {
    expect(RULES.filter((rule) => WORDS.fr.rules[rule] === undefined)).toEqual([]);
    expect(Object.keys(WORDS.fr.rules).filter((rule) => !RULES.includes(rule))).toEqual([]);
    expect(EVIDENCE_KINDS.filter((kind) => WORDS.fr.evidence[kind] === undefined)).toEqual([]);
  });

  it('says the same of the same calls in both languages: whoever is named is named', () => {
    const details = [
      'conditions.busy of Paris',
      'conditions.minimumRing of Paris',
      'notify: first of group Paris',
      'Paris',
    ];
    for (const reason of DECISION_REASONS) {
      for (const detail of details) {
        const [english, french] = [WORDS.en.reasons[reason](detail), WORDS.fr.reasons[reason](detail)];
        expect(french).not.toBe(reason === 'not-rung' ? '' : english);
        expect(french.includes('Paris')).toBe(english.includes('Paris'));
      }
    }
  });
});
