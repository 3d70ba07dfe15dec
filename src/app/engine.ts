import { randomBytes } from 'node:crypto';
import type { GatewayConfig } from '../config/index.ts';
import { startEngineThread, type EngineThread } from '../drachtio/index.ts';
import type { DigestSettings, EngineAddress } from '../gateway/index.ts';
import type { Logger } from '../observe/index.ts';

interface EngineNeeds {
  readonly config: GatewayConfig;
  readonly log: Logger;
  readonly onFatal: (error: Error) => void;
}

export interface RunningEngine extends Pick<EngineThread, 'measure' | 'setTls'> {
  readonly addresses: readonly EngineAddress[];
  /** Null where the gateway learns them from its drachtio-servers. */
  readonly sipAddresses: readonly string[] | null;
}

/**
 * The embedded engine on its thread, or the drachtio-servers of the configuration.
 * @param closing told how it is ended
 */
export async function startEngine(
  { config, log, onFatal }: EngineNeeds,
  digest: DigestSettings | null,
  closing: (close: () => Promise<void>) => void,
): Promise<RunningEngine> {
  if (config.sip.engine === 'drachtio') {
    return { addresses: config.sip.drachtio, sipAddresses: null, measure: async () => null, setTls: nothing };
  }
  const engineLog = log.child({ room: 'drachtio' });
  const engine = await startEngineThread(
    {
      listen: config.sip.listen,
      timers: { timerBMs: config.sip.timerBMs },
      ...(config.sip.tls === undefined ? {} : { tls: config.sip.tls }),
      ...(config.sip.origins === undefined ? {} : { origins: config.sip.origins }),
      ...(config.sip.advertise === undefined ? {} : { advertise: config.sip.advertise }),
      localNet: config.sip.localNet,
      ...(config.trace === null ? {} : { trace: config.trace }),
      client: { host: '127.0.0.1', port: 0 },
      secret: randomBytes(24).toString('base64url'),
      allow: config.peers.flatMap(({ allow }) => allow),
      ...(digest === null ? {} : { digest }),
    },
    {
      log: (level, text) => engineLog[level]({}, text),
      onRestart: (restarts, error) => engineLog.error({ restarts, error }, 'the engine died and was started again'),
    },
  );
  engine.onExit = onFatal;
  closing(() => engine.close());
  return {
    addresses: [{ ...engine.client, secret: engine.secret }],
    sipAddresses: engine.sipAddresses,
    measure: () => engine.measure(),
    setTls: (tls) => engine.setTls(tls),
  };
}

/** The certificates of a drachtio-server are its own. */
function nothing(): void {}
