import { describe, expect, it, vi } from 'vitest';
import type { Registration, Registrations } from '../../../src/gateway/index.ts';
import {
  MAX_REGISTRATIONS,
  Registrar,
  SWEEP_MS,
  type RegistrarOptions,
} from '../../../src/gateway/phones/registrar.ts';
import type { UserAgent } from '../../../src/gateway/agent/user-agent.ts';
import { later } from '../../drachtio/support.ts';
import { account, kept, REGISTRAR } from '../phones.ts';

const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const AGENT = {} as UserAgent;

interface Saving extends Registrations {
  readonly saved: { readonly aor: string; readonly contacts: readonly Registration[] }[];
  /** Ends the saves that run. */
  finish(error?: Error): void;
}

/** A journal in which each save waits until the test lets it end. */
function slowJournal(): Saving {
  let running: ((error?: Error) => void)[] = [];
  const journal: Saving = {
    saved: [],
    finish: (error) => {
      for (const end of running) end(error);
      running = [];
    },
    load: async () => [],
    save: (aor, contacts) =>
      new Promise((resolve, reject) => {
        journal.saved.push({ aor, contacts });
        running.push((error) => (error === undefined ? resolve() : reject(error)));
      }),
  };
  return journal;
}

const QUICK: Registrations = { load: async () => [], save: async () => undefined };

function registrarOf(options: Partial<RegistrarOptions> = {}): Registrar {
  const registrar = new Registrar({
    settings: REGISTRAR,
    registrations: QUICK,
    isPhone: () => true,
    log: SILENT,
    now: () => Date.now(),
    ...options,
  });
  later(() => registrar.stop());
  return registrar;
}

let cseq = 0;

function register(registrar: Registrar, number: string, contact: string, source = 'udp/192.0.2.7:5060'): number {
  const statuses: number[] = [];
  cseq += 1;
  const headers = { to: `<sip:${number}@h>`, 'call-id': 'c', cseq: `${cseq} REGISTER`, contact };
  const request = { method: 'REGISTER', uri: 'sip:h', headers, body: '', sourceAddress: '192.0.2.7', source };
  registrar.answer({ request, account: account(number), fromPeer: false, agent: AGENT }, (status) => {
    statuses.push(status);
  });
  return statuses[0] ?? 0;
}

describe('what is registered', () => {
  it('is bounded: one more gets 503, who is there may stay and go', () => {
    const registrar = registrarOf({ maxRegistrations: 2 });
    expect(register(registrar, '1', '<sip:1@h>')).toBe(200);
    expect(register(registrar, '2', '<sip:2@h>')).toBe(200);
    expect(register(registrar, '3', '<sip:3@h>')).toBe(503);
    expect(register(registrar, '1', '<sip:1@h>')).toBe(200);
    expect(register(registrar, '1', '<sip:1@h>;expires=0')).toBe(200);
    expect(register(registrar, '3', '<sip:3@h>')).toBe(200);
    expect(registrar.registered).toHaveLength(2);
  });

  it(`is ${MAX_REGISTRATIONS} contacts at most, also of those that an earlier life left`, async () => {
    const at = Date.now() + 60_000;
    const left = Array.from({ length: MAX_REGISTRATIONS + 1 }, (_, n) =>
      kept(String(n), `sip:${n}@h`, 'udp/192.0.2.7:5060', at),
    );
    const registrar = registrarOf({ registrations: { ...QUICK, load: async () => left } });
    await registrar.start();
    expect(registrar.registered).toHaveLength(MAX_REGISTRATIONS);
    expect(register(registrar, 'new', '<sip:new@h>')).toBe(503);
    expect(register(registrar, '0', '<sip:0@h>')).toBe(200);
  });

  it('is rung by its numbers, what has the highest q first', () => {
    const registrar = registrarOf();
    register(registrar, '1', '<sip:a@h>;q=0.3, <sip:b@h>');
    register(registrar, '2', '<sip:c@h>;q=0.5');
    const rung = registrar.contactsOf(['1', '2', '1', '3']).map(({ contact }) => contact);
    expect(rung).toEqual(['sip:b@h', 'sip:c@h', 'sip:a@h']);
  });

  it('over a connection is gone with it, and with the engine that had it', () => {
    const registrar = registrarOf();
    register(registrar, '1', '<sip:a@h>', 'tcp/192.0.2.7:1');
    register(registrar, '2', '<sip:b@h>', 'udp/192.0.2.7:1');
    const fail = (): void => {
      for (const contact of registrar.contactsOf(['1', '2'])) {
        registrar.contactFailed(contact, {
          kind: 'failed',
          failure: 'transport',
          sent: true,
          rang: false,
          alerted: false,
        });
      }
    };
    fail();
    expect(registrar.registered.map(({ aor }) => aor)).toEqual(['2']);
    register(registrar, '1', '<sip:a@h>', 'tls/192.0.2.7:2');
    registrar.engineLost({} as UserAgent);
    expect(registrar.registered).toHaveLength(2);
    registrar.engineLost(AGENT);
    expect(registrar.registered.map(({ aor }) => aor)).toEqual(['2']);
  });

  it('stays where the phone only did not answer', () => {
    const registrar = registrarOf();
    register(registrar, '1', '<sip:a@h>', 'tcp/192.0.2.7:1');
    const [contact] = registrar.contactsOf(['1']);
    const heard = { rang: false, alerted: false };
    registrar.contactFailed(contact!, { kind: 'failed', failure: 'timeout', sent: true, ...heard });
    registrar.contactFailed(contact!, { kind: 'timed-out', ...heard });
    expect(registrar.registered).toHaveLength(1);
  });

  it('is dialled without what its Contact says about headers, and never at its host', () => {
    const registrar = registrarOf();
    register(registrar, '1', '<sip:a@victim.example;x=1?Replaces=z>');
    const [contact] = registrar.contactsOf(['1']);
    expect(registrar.wayTo(contact!)).toMatchObject({
      uri: 'sip:a@victim.example;x=1',
      proxy: 'sip:192.0.2.7:5060;transport=udp',
    });
  });
});

describe('registrations are written behind', () => {
  it('the answer waits for no journal, and what changes meanwhile is written once', async () => {
    const journal = slowJournal();
    const registrar = registrarOf({ registrations: journal });
    expect(register(registrar, '1', '<sip:a@h>')).toBe(200);
    expect(register(registrar, '1', '<sip:b@h>')).toBe(200);
    expect(register(registrar, '1', '<sip:c@h>')).toBe(200);
    expect(journal.saved).toHaveLength(1);
    journal.finish();
    await vi.waitFor(() => expect(journal.saved).toHaveLength(2));
    expect(journal.saved[1]?.contacts).toHaveLength(3);
    const stopped = registrar.stop();
    journal.finish();
    await stopped;
    expect(journal.saved).toHaveLength(2);
  });

  it('what failed is written with the next change', async () => {
    const journal = slowJournal();
    const errors: object[] = [];
    const log = { ...SILENT, error: (fields: object) => void errors.push(fields) };
    const registrar = registrarOf({ registrations: journal, log });
    register(registrar, '1', '<sip:a@h>');
    journal.finish(new Error('no disk'));
    await vi.waitFor(() => expect(errors).toHaveLength(1));
    expect(registrar.registered).toHaveLength(1);
    register(registrar, '2', '<sip:b@h>');
    await vi.waitFor(() => expect(journal.saved.map(({ aor }) => aor)).toEqual(['1', '1', '2']));
    journal.finish();
  });

  it('contacts over connections are not written: they do not outlive us', () => {
    const journal = slowJournal();
    const registrar = registrarOf({ registrations: journal });
    register(registrar, '1', '<sip:a@h>', 'tcp/192.0.2.7:1');
    expect(journal.saved).toEqual([{ aor: '1', contacts: [] }]);
    journal.finish();
  });

  it('what has expired is taken away, and written so', async () => {
    vi.useFakeTimers();
    try {
      const journal = slowJournal();
      const at = Date.now();
      const registrar = registrarOf({
        registrations: { ...journal, load: async () => [kept('1', 'sip:a@h', 'udp/h:1', at + 1_000)] },
      });
      await registrar.start();
      expect(registrar.registered).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(SWEEP_MS);
      expect(journal.saved).toEqual([{ aor: '1', contacts: [] }]);
      journal.finish();
      await registrar.stop();
    } finally {
      vi.useRealTimers();
    }
  });

  it('a journal that cannot be read costs the registrations of the life before, not the start', async () => {
    const errors: object[] = [];
    const log = { ...SILENT, error: (fields: object) => void errors.push(fields) };
    const load = (): Promise<never> => Promise.reject(new Error('no disk'));
    const registrar = registrarOf({ registrations: { ...QUICK, load }, log });
    await registrar.start();
    expect(errors).toHaveLength(1);
    expect(register(registrar, '1', '<sip:a@h>')).toBe(200);
  });
});
