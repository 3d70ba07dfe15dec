import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ha1 } from '../../src/digest/index.ts';
import { startBaresip, type Baresip } from '../support/baresip.ts';
import { gatewayFiles, removeFiles, startGateway, type GatewayProcess } from '../support/gateway-process.ts';
import { startLinphone, type Linphone } from '../support/linphone.ts';
import { describeWith } from '../support/peers.ts';

const REALM = 'gateway.example.com';
const NUMBERS = ['1001', '1002', '1003'] as const;

/** Three registered phones; MD5 alone, which old ones need. */
async function startRegistrar(): Promise<GatewayProcess> {
  const files = await gatewayFiles(`peers:
  - { name: pbx, allow: [127.0.0.2] }
routing:
  ringTimeout: 4s
registrar: { realm: ${REALM}, phones: phones.yaml }`);
  const users = NUMBERS.map(
    (number) => `  - { username: "${number}", ha1: { md5: ${ha1('MD5', number, REALM, `secret-${number}`)} } }\n`,
  );
  await writeFile(join(files.folder, 'phones.yaml'), `users:\n${users.join('')}`, { mode: 0o600 });
  return startGateway(files);
}

// Real phones start, on a machine that may be busy with others.
vi.setConfig({ hookTimeout: 60_000, testTimeout: 60_000 });

for (const transport of ['udp', 'tcp'] as const) {
  describeWith('baresip', `a blind transfer of baresip over ${transport.toUpperCase()}`, () => {
    let gateway: GatewayProcess;
    let phones: Baresip[];

    beforeAll(async () => {
      gateway = await startRegistrar();
      phones = await Promise.all(
        NUMBERS.map((number) => {
          const at = `${gateway.sip[transport]};transport=${transport}`;
          return startBaresip(`<sip:${number}@${at}>;auth_pass=secret-${number};regint=60`);
        }),
      );
      await Promise.all(phones.map((phone) => phone.event('REGISTER_OK')));
    });
    afterAll(async () => {
      for (const phone of phones) await phone.stop();
      await gateway.stop();
      await removeFiles(gateway);
    });

    it('reaches a third phone: both calls are answered', async () => {
      const [alice, bob, carol] = phones as [Baresip, Baresip, Baresip];
      const at = `${gateway.sip[transport]};transport=${transport}`;
      await alice.command('dial', `sip:1002@${at}`);
      await bob.event('CALL_INCOMING');
      await bob.command('accept');
      await alice.event('CALL_ESTABLISHED');
      await bob.command('transfer', `sip:1003@${at}`);
      expect((await carol.event('CALL_INCOMING')).peeruri).toContain('sip:1001@');
      await carol.command('accept');
      await carol.event('CALL_ESTABLISHED');
      await carol.command('hangup');
      const calls = await gateway.settled(2);
      expect(calls.map(({ callee, outcome }) => `${callee} ${outcome}`).toSorted()).toEqual([
        '1002 answered',
        '1003 answered',
      ]);
      const transferred = calls
        .find(({ callee }) => callee === '1002')
        ?.evidence.find(({ kind }) => kind === 'transferred');
      expect(transferred?.detail).toBe('leg-1 asked caller to call 1003 (REFER)');
    });
  });
}

describeWith('linphonec', 'an attended transfer of linphonec', () => {
  let gateway: GatewayProcess;
  let phones: Linphone[];

  beforeAll(async () => {
    gateway = await startRegistrar();
    phones = await Promise.all(
      NUMBERS.map((number) =>
        startLinphone({
          username: number,
          password: `secret-${number}`,
          displayName: number,
          registrar: gateway.sip.udp,
          transport: 'udp',
        }),
      ),
    );
    let registered = 0;
    await gateway.logged(({ msg }) => msg === 'a phone has registered' && ++registered === NUMBERS.length);
  });
  afterAll(async () => {
    for (const phone of phones) await phone.stop();
    await gateway.stop();
    await removeFiles(gateway);
  });

  it('connects the other two, by Replaces: both calls are answered', async () => {
    const [alice, bob, carol] = phones as [Linphone, Linphone, Linphone];
    alice.command(`call sip:1002@${gateway.sip.udp}`);
    await bob.said(/incoming call/);
    bob.command('answer');
    await alice.said(/connected\./);
    bob.command('pause');
    await bob.said(/paused/i);
    bob.command(`call sip:1003@${gateway.sip.udp}`);
    await carol.said(/incoming call/);
    carol.command('answer');
    await bob.said(/connected\./);
    bob.command('transfer 1 --to-call 2');
    await alice.said(/connected\./);
    await bob.said(/Call 2 with .* ended/);
    alice.command('terminate');
    const calls = await gateway.settled(2);
    expect(calls.map(({ outcome }) => outcome)).toEqual(['answered', 'answered']);
    expect(calls.flatMap(({ evidence }) => evidence.map(({ kind }) => kind))).toContain('taken-over');
  });
});
