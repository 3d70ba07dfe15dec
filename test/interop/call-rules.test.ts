import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { TABLE } from './verdict-table.ts';

/** Where each rule of one call and of its way is played on a wire: rows of the table, or tests of other files by the words of their titles. */
const PLAYED: Readonly<Record<string, readonly string[]>> = {
  'a group rings all of its members at once': ['gateway/hunt/groups.test.ts: rings all members; one answers'],
  'a group rings one after the other': ['gateway/hunt/groups.test.ts: ring: serial, answered by the second'],
  'notify: nobody, group, first, last, all': ['gateway/hunt/groups.test.ts: notify: %s'],
  'blind transfer, answered': ['gateway/calls/transfer.test.ts: a blind transfer: REFER leads back to us'],
  'blind transfer, missed': ['gateway/calls/transfer.test.ts: a blind transfer to somebody who does not answer'],
  'attended transfer': ['gateway/calls/transfer.test.ts: an attended transfer: the one who is referred'],
  pickup: ['gateway/calls/takeover.test.ts: picks up a call that rings'],
  'park retrieve': ['gateway/calls/takeover.test.ts: retrieves a parked call'],
  'a spiral is one call': ['gateway/calls/joining.test.ts: is another leg of the same call'],
  'a loop gets 482': [
    'gateway/calls/joining.test.ts: that has been there before gets 482',
    'the same INVITE by two ways: the second gets 482',
  ],
  'Max-Forwards 0 gets 483': ['Max-Forwards 0: 483'],
  'forks: true': [
    'forks of a peer: one cancelled as completed elsewhere',
    'all forks of one call cancelled as completed elsewhere, none answered: contradicted',
  ],
  'failover after silence, 503, a dead hop': [
    'failover: the first hop is dead',
    'failover: the first hop says nothing',
    'failover: the first hop says 503',
  ],
  'no failover after 486, 18x': ['no failover after a 486', 'no failover after an 18x'],
  'who was rung instead decides': ['gateway/hunt/superseded.test.ts: says nothing of the called user: 503, then'],
  'a hop known down is tried last': ['gateway/hops/next-hops.test.ts: that answers 503 gives way, and is tried last'],
  'a 3xx is followed by its user part': ['a 302 is followed by its user part'],
  'a 3xx in a circle ends': ['gateway/hops/next-hops.test.ts: a redirection in a circle ends with 480'],
  'ringTimeout: 480 with Reason Q.850;cause=19': [
    'rang out by our timer: the caller gets 480',
    'gateway/calls/calls.test.ts: rung out: the caller gets 480 with Q.850 cause 19',
  ],
  'all hops dead: 503': ['all hops dead: 503'],
  'a relayed 503 is 500': ['rang, then 503', 'unreachable: 503'],
  'hung up on the way to voicemail': ['diverted to voicemail as busy, hung up before it answered'],
};

describe('the rules of one call and of its way', () => {
  it.each(Object.entries(PLAYED))('%s: is played on a wire', async (_rule, places) => {
    for (const place of places) {
      const [, file, title] = /^([\w/-]+\.test\.ts): (.*)$/.exec(place) ?? [];
      if (file !== undefined && title !== undefined) {
        expect(await readFile(`test/${file}`, 'utf8')).toContain(`'${title}`);
        continue;
      }
      const row = TABLE.find(({ what }) => what === place);
      expect(row?.verdict, place).toBeDefined();
    }
  });
});
