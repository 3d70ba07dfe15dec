import { availableParallelism, loadavg } from 'node:os';
import { onTestFinished, vi } from 'vitest';
import {
  startCaller,
  startPhone,
  type Behaviour,
  type Caller,
  type CallReport,
  type Phone,
} from '../../src/lab/index.ts';
import {
  gatewayFiles,
  removeFiles,
  startGateway,
  type GatewayFiles,
  type GatewayProcess,
} from '../support/gateway-process.ts';

// Each test starts processes, on a machine that may be busy with others.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

/** `ms` as a machine takes it that has more to do than it has cores: promises about time are for one that has not. */
export function onThisMachine(ms: number): number {
  return ms * Math.max(1, (2 * (loadavg()[0] ?? 0)) / availableParallelism());
}

export const CALLER = '"Jean Dupont" <sip:+33199001234@127.0.0.1>';

/** Where the tests' phones are: what gateway.yaml says of peers and routes. */
export function settings(phone: Phone, more = ''): string {
  return `peers:
  - { name: pbx, allow: [127.0.0.0/8] }
routing:
  nextHop: ["${phone.uri()}"]
  ringTimeout: 60s
${more}`;
}

/** What the phone does is in the called number: 1001 rings, 1002 answers, any other is not found. */
export const byNumber: Exclude<Parameters<typeof startPhone>[0]['behaviour'], Behaviour> = ({ uri }) => {
  const number = /^sip:([^@;]+)/.exec(uri)?.[1] ?? '';
  if (number === '1001') return { kind: 'ring' };
  if (number === '1002') return { kind: 'answer' };
  return { kind: 'refuse', status: 404, reason: 'Not Found' };
};

/** A phone that outlives gateways; closed when the test has ended. */
export async function phoneFor(behaviour: Parameters<typeof startPhone>[0]['behaviour']): Promise<Phone> {
  const phone = await startPhone({ behaviour });
  onTestFinished(() => phone.close());
  return phone;
}

export async function callerFor(): Promise<Caller> {
  const caller = await startCaller();
  onTestFinished(() => caller.close());
  return caller;
}

/** Files of a gateway, removed when the test has ended. */
export async function filesFor(...args: Parameters<typeof gatewayFiles>): Promise<GatewayFiles> {
  const files = await gatewayFiles(...args);
  onTestFinished(() => removeFiles(files));
  return files;
}

/** The whole program on these files; killed when the test has ended, unless it ended before. */
export async function run(files: GatewayFiles): Promise<GatewayProcess> {
  const gateway = await startGateway(files);
  onTestFinished(() => gateway.kill());
  return gateway;
}

/** Calls through the gateway over UDP. */
export function call(
  caller: Caller,
  gateway: GatewayProcess,
  options: Partial<Parameters<Caller['call']>[0]> & { readonly number?: string } = {},
): Promise<CallReport> {
  const { number = '1001', ...rest } = options;
  return caller.call({ from: CALLER, to: `sip:${number}@${gateway.sip.udp}`, ...rest });
}

/** A promise that is kept when `count` events were counted. */
export function counter(count: number): { readonly reached: Promise<void>; readonly tick: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = count;
  return {
    reached: promise,
    tick() {
      left -= 1;
      if (left === 0) resolve();
    },
  };
}

export { inProcess } from '../support/in-process.ts';
