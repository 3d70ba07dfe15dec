import { expect, vi } from 'vitest';
import { SipGateway } from '../../src/gateway/gateway.ts';
import { LIMITS, type GatewayLimits } from '../../src/gateway/limits.ts';
import { later } from '../drachtio/support.ts';
import { startScriptedEngine, type ScriptedEngine } from './scripted-engine.ts';
import { NOTHING, startRig, type Parts, type Rig } from './support.ts';

/** A gateway on a scripted engine; the rig lends it its configuration and its ledger. */
export async function startScripted(limits: Partial<GatewayLimits> = {}, parts: Parts = {}) {
  const rig = await startRig(parts);
  const engine = await startScriptedEngine();
  const gateway = new SipGateway({ ...rig.options, engines: [engine.address] }, { ...LIMITS, ...limits });
  later(() => gateway.stop());
  await gateway.start();
  return { engine, gateway, ledger: rig.ledger };
}

export const common = (tag: string): string => `Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK1
  From: <sip:2001@x>;tag=caller
  To: <sip:1001@x>${tag}
  Call-ID: in-1
  Max-Forwards: 70
  Contact: <sip:2001@127.0.0.1:9>`;
export const INVITE = `INVITE sip:1001@127.0.0.1 SIP/2.0\n${common('')}\nCSeq: 1 INVITE\nContent-Type: application/sdp`;
export const CANCEL = `CANCEL sip:1001@127.0.0.1 SIP/2.0\n${common('')}\nCSeq: 1 CANCEL`;
export const fromCallee = (status: number, cseq = 1): string => `SIP/2.0 ${status} Something
  From: <sip:2001@x>;tag=engine
  To: <sip:1001@x>;tag=callee
  Call-ID: out-1
  CSeq: ${cseq} INVITE
  Contact: <sip:1001@127.0.0.1:9>`;
export const DIALOG_A = 'in-1;from-tag=caller';
export const DIALOG_B = 'out-1;from-tag=engine';

/** A delayed-offer call up to our 200, which waits for the engine's word. */
export async function answering(engine: ScriptedEngine) {
  engine.request(INVITE, 'tx-a');
  (await engine.command(/^INVITE /)).sent('tx-b');
  engine.response(fromCallee(200), 'tx-b', DIALOG_B);
  return engine.command(/^SIP\/2\.0 200/);
}

export async function expectBye(engine: ScriptedEngine): Promise<void> {
  const bye = await engine.command(/^BYE /);
  bye.sent('tx-bye');
}

export async function expectNothing(gateway: Rig['gateway']): Promise<void> {
  await vi.waitFor(() => expect(gateway.holdings).toEqual(NOTHING));
}
