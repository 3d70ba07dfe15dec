import { isDeepStrictEqual } from 'node:util';
import type { Admin } from '../admin/index.ts';
import type { GatewayConfig } from '../config/index.ts';
import type { Logger } from '../observe/index.ts';
import type { RunningEngine } from './engine.ts';

/** Part of the composition root: certificates that were renewed hold without a restart. */

export interface CertificateNeeds {
  readonly config: GatewayConfig;
  readonly admin: Pick<Admin, 'setTls'>;
  readonly engine: Pick<RunningEngine, 'setTls'>;
  readonly log: Logger;
}

/**
 * Takes the certificates of another reading of gateway.yaml, where they are others than those in use: new connections are shown
 * them, open ones stay. Where there was no TLS, or is none any more, a restart is needed.
 */
export function certificates({ config, admin, engine, log }: CertificateNeeds): (again: GatewayConfig) => void {
  const ofAdmin = renewing('admin.certificate', config.admin.tls, (tls) => admin.setTls(tls), log);
  const ofSip = renewing('sip.tls', config.sip.tls ?? null, (tls) => engine.setTls(tls), log);
  return (again) => {
    ofAdmin(again.admin.tls);
    ofSip(again.sip.tls ?? null);
  };
}

function renewing<Tls>(
  key: string,
  first: Tls | null,
  set: (tls: Tls) => void,
  log: Logger,
): (tls: Tls | null) => void {
  let held = first;
  return (tls) => {
    if (held === null || tls === null || isDeepStrictEqual(held, tls)) return;
    try {
      set(tls);
    } catch (error) {
      log.error({ key, error }, 'the new certificates cannot be used; those before stay');
      return;
    }
    held = tls;
    log.info({ key }, 'new certificates hold for connections from now on');
  };
}
