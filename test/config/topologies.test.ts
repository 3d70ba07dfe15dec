import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assumptions, loadConfig, unknownDialPlans } from '../../src/config/index.ts';
import { loadPolicyFile } from '../../src/policy/index.ts';
import { readerAt } from './support.ts';

const FOLDER = 'sip-config/examples';

/** Each example, and what `mcg check` must say of it: where it stands, and what it is blind to there. */
const EXAMPLES: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  [
    'front',
    [
      'calls of peer carrier are rung at peer pbx (front): calls between phones behind it do not come here, and an IVR or queue that answers counts as answered',
      'calls of peer pbx are rung at peer carrier (front)',
      'voicemail.owner is downstream',
    ],
    ['loop-back', 'before voicemail only', '(forks)'],
  ],
  [
    'loop-back',
    [
      'calls of peer pbx go back to it with prefix "9" (loop-back): the gateway sees all of every call that pbx sends here',
      'voicemail.owner is gateway: a call that nobody answers within 20 s goes to sip:5000@192.0.2.10:5060',
    ],
    ['(front)', 'before voicemail only', '(forks)'],
  ],
  [
    'fork-branch',
    [
      'peer pbx rings others beside this gateway (forks): what they do is not seen',
      'the verdict waits 3 s for evidence',
    ],
    ['(front)', 'loop-back', 'before voicemail only'],
  ],
  [
    'lync-trunk',
    [
      'calls of peer pstn are rung at peer lync (front)',
      'does not see which of its users’ devices answered, nor Exchange UM behind it',
      'ForwardCallHistory and ForwardPAI must be on',
    ],
    ['loop-back', 'before voicemail only', '(forks)'],
  ],
  [
    'before-voicemail',
    [
      'the gateway stands before voicemail only: a caller who hangs up before a PBX diverts the call is not seen, and nobody is told of that call',
    ],
    ['(front)', 'loop-back', '(forks)'],
  ],
];

const load = async (name: string) => {
  const loaded = await loadConfig(join(FOLDER, name, 'gateway.yaml'), {});
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
};

describe('the examples of topologies', () => {
  it('are all tried here', () => {
    const there = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) =>
      readdirSync(join(FOLDER, entry.name)).includes('gateway.yaml'),
    );
    expect(there.map(({ name }) => name).toSorted()).toEqual(EXAMPLES.map(([name]) => name).toSorted());
  });

  it.each(EXAMPLES)('%s: mcg check accepts it and says what it is blind to', async (name, says, saysNot) => {
    const config = await load(name);
    const said = assumptions(config).join('\n');
    for (const sentence of says) expect(said).toContain(sentence);
    for (const sentence of saysNot) expect(said).not.toContain(sentence);
  });

  it.each(EXAMPLES)('%s: its policy has the dial plans that its peers name', async (name) => {
    const config = await load(name);
    const policy = loadPolicyFile(config.policy);
    if (!policy.ok) throw new Error(JSON.stringify(policy.problems));
    expect(config.peers.flatMap(({ dialPlan }) => dialPlan ?? [])).not.toEqual([]);
    expect(unknownDialPlans(config, policy.policy.dialPlans.keys())).toEqual([]);
  });

  it.each([
    ['loop-back', ", prefix: '9'", ''],
    ['front', '- { from: pbx, nextHop', '- { from: carrier, nextHop'],
  ])('%s without what keeps its calls from coming back is refused', (name, written, instead) => {
    const text = readFileSync(join(FOLDER, name, 'gateway.yaml'), 'utf8');
    expect(text).toContain(written);
    const routing = /^routing:\n((?:[ \n].*\n?)*)/m.exec(text.replace(written, instead))?.[1] ?? '';
    const peers = /^peers:\n((?:[ \n].*\n?)*)/m.exec(text)?.[1] ?? '';
    const { mistakes } = readerAt(join(tmpdir(), 'gateway.yaml'));
    const found = mistakes({ peers: `\n${peers}`, routing: `\n${routing}` });
    expect(found.join('\n')).toMatch(/calls from peer "(pbx|carrier)" are sent straight back to it/);
  });
});
