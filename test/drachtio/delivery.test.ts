import { describe, expect, it } from 'vitest';
import { once } from 'node:events';
import {
  answer,
  calleePeer,
  callerPeer,
  connectSrf,
  newCall,
  requestText,
  response,
  sendInvite,
  startEngineForTest,
  type SrfRequest,
  type SrfResponse,
} from './support.ts';
import { embeddedIt } from './target.ts';

const MISREAD = `%50-Asserted-Identity: <sip:forged@x>
Foo%3A%20x%0D%0AP-Preferred-Identity: <sip:forged@x>
Replaces%20: a;to-tag=b;from-tag=c
Constructor: x
__proto__: x
X-Kept: 1`;

describe('headers that drachtio-srf would take for others', () => {
  const TRUSTING = 'drachtio-server delivers every header';

  embeddedIt(TRUSTING, 'are not delivered in a request nor in its CANCEL', async () => {
    const { engine, udpPort } = await startEngineForTest();
    const peer = await callerPeer(udpPort);
    const invites: SrfRequest[] = [];
    const srf = await connectSrf(engine, (app) => app.invite((req) => invites.push(req) && app.emit('seen')));
    const call = newCall(peer);
    const seen = once(srf, 'seen');
    sendInvite(call, { headers: MISREAD });
    await seen;
    const [invite] = invites;
    if (invite === undefined) throw new Error('no INVITE');
    const cancelled = once(invite, 'cancel');
    peer.send(requestText(call, { method: 'CANCEL', contact: '', headers: MISREAD }));
    const [cancel] = (await cancelled) as [SrfRequest];
    for (const { headers } of [invite, cancel]) {
      expect(headers['X-Kept']).toBe('1');
      expect(Object.entries(headers).flat().join('\n')).not.toMatch(/forged|replaces|function|\[object/i);
    }
  });

  embeddedIt(TRUSTING, 'nor in a response', async () => {
    const { engine, udpPort } = await startEngineForTest();
    const callee = await calleePeer(udpPort);
    const srf = await connectSrf(engine);
    const sent = await srf.request(`sip:1001@127.0.0.1:${callee.port}`, { method: 'OPTIONS' });
    const answered = once(sent, 'response');
    answer(callee, await callee.expect(/^OPTIONS /), 200, { headers: MISREAD });
    const [{ headers }] = (await answered) as [SrfResponse];
    expect(headers['X-Kept']).toBe('1');
    expect(Object.entries(headers).flat().join('\n')).not.toMatch(/forged|replaces|function|\[object/i);
  });

  it('while the request itself is served', async () => {
    const { engine, udpPort } = await startEngineForTest();
    const peer = await callerPeer(udpPort);
    await connectSrf(engine, (app) => app.invite((_req, res) => res.send(486)));
    const call = newCall(peer);
    sendInvite(call, { headers: MISREAD });
    await response(call, 486);
  });
});
