import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadPolicy, policyJsonSchema } from '../../src/policy/index.ts';
import { MAX_MAILBOXES, MAX_POLICY_BYTES } from '../../src/policy/limits.ts';
import { MAX_PROBLEMS } from '../../src/yamlfile/index.ts';
import { manyMailboxes, policyOf } from './files.ts';

const shipped = (name: string): string => readFileSync(new URL(`../../sip-config/${name}`, import.meta.url), 'utf8');

/** Exchange tells of all of them. */
const everyMissedCall = {
  internalCalls: true,
  externalCalls: true,
  hiddenCallers: true,
  minimumRingMs: 0,
  busy: true,
  declined: true,
  unreachable: true,
  groupCalls: true,
};

describe('what a policy file leaves out', () => {
  const policy = policyOf(`
dialPlans: [{ name: Paris, numberOfDigitsInExtension: 4 }, { name: Lyon, numberOfDigitsInExtension: 3 }]
mailboxPolicies: [{ name: Staff, dialPlan: PARIS }]
mailboxes: [{ identity: alice, extensions: ["1001"], mailboxPolicy: staff }]
`);

  it('a dial plan without a policy gets "<name> Default Policy", which allows', () => {
    const made = {
      name: 'Lyon Default Policy',
      dialPlan: 'Lyon',
      allowMissedCallNotifications: true,
      conditions: everyMissedCall,
    };
    expect(policy.mailboxPolicies.get('Lyon Default Policy')).toEqual(made);
  });

  it('a dial plan that has a policy gets none beside it', () => {
    expect([...policy.mailboxPolicies.keys()]).toEqual(['Staff', 'Lyon Default Policy']);
  });

  it('names are found in any case, and kept as the file defines them', () => {
    expect(policy.mailbox('ALICE')?.mailboxPolicy).toBe('Staff');
    expect(policy.mailboxPolicies.get('Staff')?.dialPlan).toBe('Paris');
  });

  it('has the defaults of Exchange', () => {
    expect(policy.dialPlans.get('Paris')).toEqual({
      name: 'Paris',
      uriType: 'TelExtn',
      numberOfDigitsInExtension: 4,
      countryOrRegionCode: null,
      defaultLanguage: 'en-US',
      timeZone: 'UTC',
      numberPrefixes: [],
      nationalNumberPrefix: null,
      internationalAccessCode: null,
      outsideLineAccessCode: null,
    });
    expect(policy.mailbox('alice')).toEqual({
      identity: 'alice',
      displayName: 'alice',
      emailAddress: null,
      extensions: ['1001'],
      sipAddresses: [],
      mailboxPolicy: 'Staff',
      missedCallNotificationEnabled: true,
      language: null,
      timeZone: null,
    });
    expect(policy.mailboxPolicies.get('Staff')).toMatchObject({
      allowMissedCallNotifications: true,
      conditions: everyMissedCall,
    });
  });

  it('is frozen', () => {
    expect(Object.isFrozen(policy.mailbox('alice'))).toBe(true);
    expect(Object.isFrozen(policy.mailbox('alice')?.extensions)).toBe(true);
    expect(Object.isFrozen(policy.dialPlans.get('Paris'))).toBe(true);
  });

  it('no groups are an empty list or no list', () => {
    expect(policyOf('groups: []').groups.size).toBe(0);
    expect(policy.groups.size).toBe(0);
    expect(policy.findGroup({ user: '1001', uri: 'sip:1001@x' })).toBeNull();
  });
});

describe('texts that YAML and people write in more than one way', () => {
  it('a byte order mark and Windows line ends change nothing', () => {
    const text = 'dialPlans:\r\n  - name: Paris\r\n    numberOfDigitsInExtension: 4\r\n';
    expect(policyOf(`\uFEFF${text}`).dialPlans.has('Paris')).toBe(true);
    const wrong = loadPolicy(`${text}mailboxes:\r\n  - { identity: a, extensions: ["1001"], mailboxPolicy: B }\r\n`);
    expect(wrong.ok ? [] : wrong.problems).toMatchObject([{ line: 5, column: 57 }]);
  });

  it('names and addresses may be of any script', () => {
    const policy = policyOf(`
dialPlans: [{ name: "Île-de-France", numberOfDigitsInExtension: 4 }]
mailboxes: [{ identity: zoé, displayName: 佐藤, emailAddress: zoé@exämple.com, extensions: ["1001"], mailboxPolicy: Île-de-France Default Policy }]
`);
    expect(policy.mailbox('ZOÉ')?.displayName).toBe('佐藤');
    expect(policy.findMailbox({ user: '1001', uri: 'sip:1001@x' })).toMatchObject({ mailbox: { identity: 'zoé' } });
  });

  it('the same text has the same version, another text another', () => {
    expect(policyOf('groups: []').version).toBe(policyOf('groups: []').version);
    expect(policyOf('groups: []').version).not.toBe(policyOf('groups: [] ').version);
  });
});

describe('hostile and enormous files are refused at little cost', () => {
  it('never throws, whatever the text', () => {
    const pieces = fc.constantFrom(
      'dialPlans',
      'mailboxes',
      ':',
      '-',
      ' ',
      '\n',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '&a',
      '*a',
      '!',
      '#',
      '|',
      '>',
      '0',
      '__proto__',
      '<<',
      '\t',
      '%',
      '---',
      '?',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        const loaded = loadPolicy(parts.join(''));
        return (
          loaded.ok ||
          loaded.problems.every(
            ({ line, column, message, remedy }) => line > 0 && column > 0 && message !== '' && remedy !== '',
          )
        );
      }),
      { numRuns: 500 },
    );
  });

  it('an alias that would multiply is not followed', () => {
    const lines = ['a: &a [x, x]'];
    for (let level = 1; level < 15; level += 1)
      lines.push(
        `k${level}: &k${level} [*${level === 1 ? 'a' : `k${level - 1}`}, *${level === 1 ? 'a' : `k${level - 1}`}]`,
      );
    const loaded = loadPolicy(lines.join('\n'));
    expect(loaded.ok ? [] : loaded.problems).toMatchObject([{ line: 2, column: 10 }]);
  });

  it('a key that JavaScript knows is an unknown key', () => {
    const loaded = loadPolicy('__proto__: { mailboxes: [] }\nconstructor: 1\n');
    expect(loaded.ok ? [] : loaded.problems.map(({ path }) => path)).toEqual(['__proto__', 'constructor']);
  });

  it('deep nesting is refused', () => {
    expect(loadPolicy(`${'['.repeat(10_000)}${']'.repeat(10_000)}`).ok).toBe(false);
  });

  it(`lists ${MAX_PROBLEMS} problems and counts the rest`, () => {
    const loaded = loadPolicy(`mailboxes: [${'x, '.repeat(MAX_PROBLEMS + 10)}]`);
    const problems = loaded.ok ? [] : loaded.problems;
    expect(problems).toHaveLength(MAX_PROBLEMS + 1);
    expect(problems.at(-1)?.message).toBe('10 more mistakes are not listed.');
  });

  it('a longer file than the limit is not parsed', () => {
    const loaded = loadPolicy('#'.repeat(MAX_POLICY_BYTES + 1));
    expect(loaded.ok ? [] : loaded.problems[0]?.message).toMatch(/characters long; at most/);
  });

  it(`takes ${MAX_MAILBOXES} mailboxes and refuses one more`, () => {
    expect(policyOf(manyMailboxes(MAX_MAILBOXES)).mailboxCount).toBe(MAX_MAILBOXES);
    const loaded = loadPolicy(manyMailboxes(MAX_MAILBOXES + 1));
    expect(loaded.ok ? [] : loaded.problems).toMatchObject([
      { path: 'mailboxes', message: '100001 entries; at most 100000 are taken.' },
    ]);
  }, 60_000);
});

describe('the shipped files', () => {
  it('policy.yaml loads, with alice and bob in dial plan Paris', () => {
    const policy = policyOf(shipped('policy.yaml'));
    for (const [user, identity] of [
      ['1001', 'alice'],
      ['1002', 'bob'],
    ]) {
      const found = policy.findMailbox({ user: user ?? '', uri: `sip:${user}@127.0.0.1` }, 'Paris');
      expect(found).toMatchObject({ kind: 'found', mailbox: { identity } });
    }
    expect(policy.mailboxPolicies.get('MyUMMailboxPolicy')?.allowMissedCallNotifications).toBe(true);
  });

  it('the first line of policy.yaml names the schema for editors', () => {
    expect(shipped('policy.yaml').split('\n')[0]).toBe('# yaml-language-server: $schema=policy.schema.json');
  });

  it('policy.schema.json is what the schema says now (npm run schema writes it)', () => {
    expect(JSON.parse(shipped('policy.schema.json'))).toEqual(JSON.parse(policyJsonSchema()));
  });
});
