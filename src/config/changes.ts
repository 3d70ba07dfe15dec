import { isDeepStrictEqual } from 'node:util';
import type { GatewayConfig } from './types.ts';

/** Keys of gateway.yaml that hold keys; the others are told as a whole. */
const SECTIONS: readonly (keyof GatewayConfig)[] = ['sip', 'routing', 'voicemail', 'notification', 'admin', 'lab'];

function changedKeys(before: object, after: object): string[] {
  const was = new Map<string, unknown>(Object.entries(before));
  const is = new Map<string, unknown>(Object.entries(after));
  return [...new Set([...was.keys(), ...is.keys()])].filter((key) => !isDeepStrictEqual(was.get(key), is.get(key)));
}

/**
 * What another reading of gateway.yaml changes, as the file names it: `peers`, `sip.listen`, `routing.ringTimeout`. A secret
 * that it names by file counts with the key that it belongs to.
 */
export function changedSettings(before: GatewayConfig, after: GatewayConfig): string[] {
  const changed = changedKeys({ ...before, ...sections(before) }, { ...after, ...sections(after) });
  // Durations are in milliseconds here and have their unit in the file.
  return changed.map((key) => key.replace(/Ms$/, ''));
}

function sections(config: GatewayConfig): Record<string, unknown> {
  const flat: Record<string, unknown> = {};
  for (const section of SECTIONS) {
    flat[section] = null;
    for (const [key, value] of Object.entries(config[section] ?? {})) flat[`${section}.${key}`] = value;
  }
  // What certificates say is read again without a restart; whether there are any is not.
  flat['sip.tls'] = config.sip.tls !== undefined;
  delete flat['admin.tls'];
  flat['admin.certificate'] = config.admin.tls !== null;
  return flat;
}
