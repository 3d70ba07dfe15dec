import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellValue, csvLine, csvRows, MAX_CSV_ROWS } from '../../src/admin/operations/policy-file/csv-format.ts';
import { createMailboxIndex } from '../../src/admin/operations/policy-file/mailbox-index.ts';
import { loadPolicy } from '../../src/policy/index.ts';
import { firstAccount, type Sent, start } from './support.ts';

async function ready() {
  const started = await start();
  const root = await firstAccount(started);
  const etag = async (): Promise<string> =>
    (await started.send('GET', '/api/v1/policy', { as: root })).headers.get('etag') ?? '';
  /** A change on the version that is so now. */
  const change = async (method: string, path: string, body?: unknown, headers: Sent['headers'] = {}) =>
    started.send(method, `/api/v1${path}`, {
      as: root,
      ...(body === undefined ? {} : { body }),
      headers: { 'if-match': await etag(), ...headers },
    });
  const read = (path: string) => started.send('GET', `/api/v1${path}`, { as: root });
  return { started, root, etag, change, read };
}

const POLICY = '/mailbox-policies/Paris%20Default%20Policy';

describe('the policy file over HTTP', () => {
  it('a change wants the version that it is based on, and is refused on another', async () => {
    const { started, root, etag, change } = await ready();
    const body = { allowMissedCallNotifications: false };
    const bare = await started.send('PATCH', `/api/v1${POLICY}`, { as: root, body });
    expect(bare.status).toBe(428);
    const seen = await etag();
    const first = await change('PATCH', POLICY, { ...body, why: 'noise' });
    expect([first.status, first.json.allowMissedCallNotifications]).toEqual([200, false]);
    expect(first.headers.get('etag')).toBe(await etag());
    const second = await change('PATCH', POLICY, { allowMissedCallNotifications: true }, { 'if-match': seen });
    expect(second.status).toBe(412);
    expect((await started.send('GET', `/api/v1${POLICY}`, { as: root })).json.allowMissedCallNotifications).toBe(false);
  });

  it('leaves a record of who, what, and why: the intent before, the result after', async () => {
    const { started, change } = await ready();
    await change('PATCH', POLICY, { conditions: { busy: false, minimumRingMs: 2_500 }, why: 'too many' });
    const [record] = (await started.journal.audit({ operation: 'Set-UMMailboxPolicy' }, { limit: 1 })).items;
    expect(record).toMatchObject({
      actor: 'root',
      by: 'password',
      source: '127.0.0.1',
      target: 'Paris Default Policy',
      why: 'too many',
      result: 'done',
      before: { conditions: { busy: true, minimumRingMs: 0 } },
      after: { conditions: { busy: false, minimumRingMs: 2_500 } },
    });
  });

  it('what is wrong with a change is told by its field; nothing is changed', async () => {
    const { change, etag } = await ready();
    const before = await etag();
    const wrong = await change('POST', '/mailboxes', { identity: 'eve', mailboxPolicy: 'Nowhere', extensions: ['12'] });
    expect(wrong.status).toBe(422);
    expect(wrong.json.errors.map(({ path }: { path: string }) => path).join(' ')).toContain('mailboxPolicy');
    const unknown = await change('PATCH', POLICY, { allowMissedCalls: false });
    expect(unknown.status).toBe(400);
    for (const body of ['{"__proto__":{"x":1},"name":"a"}', '{"constructor":{}}', '[]', 'null', '{']) {
      expect((await change('PATCH', POLICY, body)).status, body).toBe(400);
    }
    expect(await etag()).toBe(before);
  });

  it('what is not there is 404, what is there already or in use 409 and says what is in the way', async () => {
    const { change } = await ready();
    expect((await change('PATCH', '/mailbox-policies/Nowhere', {})).status).toBe(404);
    expect(
      (await change('POST', '/mailbox-policies', { name: 'paris default policy', dialPlan: 'Paris' })).status,
    ).toBe(409);
    const used = await change('DELETE', POLICY);
    expect([used.status, used.json.detail]).toEqual([409, expect.stringContaining('alice')]);
  });

  it('a dial plan comes with its default policy; a renamed policy keeps its mailboxes; a version is brought back', async () => {
    const { change, read } = await ready();
    await change('POST', '/dial-plans', { name: 'Lyon', numberOfDigitsInExtension: 5 });
    expect((await read('/dial-plans/Lyon')).json.policies.map(({ name }: { name: string }) => name)).toEqual([
      'Lyon Default Policy',
    ]);
    await change('PATCH', POLICY, { name: 'Everybody' });
    expect((await read('/mailboxes/alice')).json.mailboxPolicy).toBe('Everybody');
    const { items } = (await read('/policy/versions')).json;
    const oldest = items.at(-1).version;
    expect((await read(`/policy/versions/${oldest}`)).json.diff).toContain('-  - { name: Everybody');
    expect((await change('POST', `/policy/versions/${oldest}/rollback`, {})).status).toBe(200);
    expect((await read('/mailboxes/alice')).json.mailboxPolicy).toBe('Paris Default Policy');
    expect((await read('/dial-plans/Lyon')).status).toBe(404);
    for (const name of ['..%2f..%2fetc%2fpasswd', '..', '%00']) {
      expect([400, 404]).toContain((await read(`/policy/versions/${name}`)).status);
    }
  });
});

describe('mailboxes as CSV', () => {
  const header = 'identity,displayName,emailAddress,extensions,mailboxPolicy\r\n';
  it('takes in what the cmdlets export, under their names', async () => {
    const csv = 'Name,DisplayName,PrimarySmtpAddress,UMMailboxPolicy\r\nalice,Alice M.,alice@example.com,Reception\r\n';
    const { answer } = await take(csv, false);
    expect([answer.status, answer.json.counts]).toEqual([200, { new: 0, change: 1, same: 0, error: 0 }]);
  });

  const take = async (csv: string, apply: boolean) => {
    const { change, read } = await ready();
    return { answer: await change('POST', '/mailboxes/import', { csv, apply }), read };
  };

  it('what is exported and taken in again changes nothing', async () => {
    const { read, change } = await ready();
    const csv = (await read('/mailboxes.csv')).text;
    const { json } = await change('POST', '/mailboxes/import', { csv, apply: false });
    expect(json.counts).toEqual({ new: 0, change: 0, same: expect.any(Number), error: 0 });
    expect(json.counts.same).toBeGreaterThan(2);
  });

  it('a preview says what would be, line by line, and changes nothing', async () => {
    const csv = `${header}alice,Alice M.,alice@example.com,1001,Paris Default Policy\r\neve,Eve,eve@example.com,1999,Paris Default Policy\r\n`;
    const { answer, read } = await take(csv, false);
    expect(answer.json).toMatchObject({ counts: { new: 1, change: 1, error: 0 }, applied: false });
    expect(answer.json.rows).toMatchObject([
      { line: 2, identity: 'alice', action: 'change', detail: expect.stringContaining('"Alice M."') },
      { line: 3, identity: 'eve', action: 'new' },
    ]);
    expect((await read('/mailboxes/eve')).status).toBe(404);
  });

  it('applied, all of it holds; with one mistake, nothing', async () => {
    const good = 'eve;Eve;eve@example.com;1999 1998;Paris Default Policy\n';
    const semicolons = header.replaceAll(',', ';').replace('\r', '');
    const done = await take(`\ufeff${semicolons}${good}`, true);
    expect(done.answer.json).toMatchObject({ counts: { new: 1 }, applied: true });
    expect((await done.read('/mailboxes/eve')).json.extensions).toEqual(['1999', '1998']);
    const bad = await take(`${semicolons}${good}eve;again;;1997;Paris Default Policy\n`, true);
    expect([bad.answer.status, bad.answer.json.errors[0].path]).toEqual([422, 'line 3']);
    expect((await bad.read('/mailboxes/eve')).status).toBe(404);
  });

  it.each([
    ['', 'empty'],
    ['nonsense,identity\r\n', 'no column "nonsense"'],
    ['displayName\r\n', 'no column identity'],
    ['identity,identity\r\n', 'twice'],
    ['identity\r\n"a', 'cannot be read'],
  ])('%j is refused: %s', async (csv, why) => {
    const { answer } = await take(csv, false);
    expect([answer.status, answer.json.detail]).toEqual([422, expect.stringContaining(why)]);
  });

  it('a cell is never a formula, and reads back as it was, whatever is in it', async () => {
    const cell = fc.oneof(
      fc.string(),
      fc.constantFrom('=1+1', '+33', '-1', '@SUM(A1)', '\t=1', "'x", "''", '"', ';', 'a\r\nb', ' x '),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(cell, { minLength: 2, maxLength: 5 }), async (cells) => {
        const line = csvLine(cells);
        const [raw] = parse(line, { relax_quotes: true });
        for (const one of raw ?? []) expect(one).not.toMatch(/^[=+\-@\t\r]/);
        for await (const row of csvRows(`h${',h'.repeat(cells.length - 1)}\r\n${line}`)) {
          if (row.line > 1 && row.cells[0] !== 'h') expect(row.cells.map(cellValue)).toEqual(cells);
        }
      }),
    );
  });

  it(`has ${MAX_CSV_ROWS} rows at most (MAX_CSV_ROWS)`, async () => {
    const rows = async (count: number): Promise<number> => {
      let seen = 0;
      for await (const row of csvRows(`identity\n${'a\n'.repeat(count)}`)) if (row.line > 0) seen += 1;
      return seen;
    };
    expect(await rows(MAX_CSV_ROWS)).toBe(MAX_CSV_ROWS + 1);
    await expect(rows(MAX_CSV_ROWS + 1)).rejects.toThrow('in parts');
  });
});

describe('the list of mailboxes', () => {
  const many = (count: number) => {
    const mailboxes = Array.from(
      { length: count },
      (_, index) =>
        `  - { identity: User${(index * 7919) % count}, extensions: ["${10_000 + index}"], mailboxPolicy: P${index % 3} }`,
    ).join('\n');
    const policies = [0, 1, 2].map((index) => `  - { name: P${index}, dialPlan: Paris }`).join('\n');
    const text = `dialPlans:\n  - { name: Paris, numberOfDigitsInExtension: 5 }\nmailboxPolicies:\n${policies}\nmailboxes:\n${mailboxes}\n`;
    const loaded = loadPolicy(text);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems.slice(0, 3)));
    return loaded.policy;
  };

  it('has each mailbox once, by identity in any case, page after page', async () => {
    const policy = many(2_500);
    const index = createMailboxIndex();
    const seen: string[] = [];
    for (let after: string | null | undefined; after !== null;) {
      const page = await index.page(policy, { after: after ?? undefined, limit: 97 });
      expect(page.total).toBe(2_500);
      seen.push(...page.items.map(({ identity }) => identity));
      after = page.next;
    }
    expect(seen).toEqual(
      [...policy.mailboxes()]
        .map(({ identity }) => identity)
        .sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)),
    );
    expect((await index.counts(policy)).get('P1')).toBe(833);
    const found = await index.page(policy, { limit: 10, search: 'uSER2499', mailboxPolicy: undefined });
    expect(found.items.map(({ identity }) => identity)).toEqual(['User2499']);
    expect((await index.page(policy, { limit: 10, mailboxPolicy: 'P2' })).total).toBe(833);
  });
});
