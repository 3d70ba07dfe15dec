import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { POLICY } from '../support/gateway-process.ts';
import { call, callerFor, filesFor, phoneFor, run, settings } from './support.ts';

const COMMENTED = `# Who is told.\n${POLICY.replace('mailboxes:\n', 'mailboxes:   # ours\n  # Alice first\n')}`;
const ALICE = '"Alice" <sip:1001@127.0.0.1>';
const CODES = 'featureCodes: { notificationsOn: "*56", notificationsOff: "*57" }';

it('a user who dials *57 is mailed no more, and who dials *56 is again; the file keeps its comments', async () => {
  const phone = await phoneFor({ kind: 'busy' });
  const caller = await callerFor();
  const gateway = await run(await filesFor(settings(phone, CODES), { policy: COMMENTED }));

  const dial = async (number: string, from: string) => {
    const report = await call(caller, gateway, { number, from });
    return { report, ended: report.callId };
  };
  const missed = async () => {
    const { ended } = await dial('1001', '<sip:+33199001234@127.0.0.1>');
    return gateway.logged(({ msg, sipCallId }) => msg === 'call ended' && sipCallId === ended);
  };

  const off = await dial('*57', ALICE);
  expect(off.report.final).toMatchObject({ status: 200 });
  expect(await missed()).toMatchObject({ decision: 'skip', reason: 'mailbox-disabled' });
  const switched = 'mailboxPolicy: Paris Default Policy, missedCallNotificationEnabled: false, language';
  expect(await readFile(gateway.policy, 'utf8')).toBe(
    COMMENTED.replace('mailboxPolicy: Paris Default Policy, language', switched),
  );

  const on = await dial('*56', ALICE);
  expect(on.report.final).toMatchObject({ status: 200 });
  expect(await missed()).toMatchObject({ decision: 'notify', reason: 'missed' });
  await gateway.mailed(1);
  expect(await readFile(gateway.policy, 'utf8')).toBe(
    COMMENTED.replace('mailboxPolicy: Paris Default Policy, language', switched.replace('false', 'true')),
  );

  // Neither was a call, and nobody else can switch.
  expect((await dial('*57', '<sip:+33199001234@127.0.0.1>')).report.final).toMatchObject({ status: 403 });
  expect((await gateway.calls()).map(({ callee }) => callee)).toEqual(['1001', '1001']);
});
