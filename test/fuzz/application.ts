import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { Engine } from '../../src/drachtio/index.ts';
import type { Srf, SrfDialog, SrfRequest, SrfResponse } from '../drachtio/support.ts';

const SDP = 'v=0\r\no=b 2 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 50000 RTP/AVP 0\r\n';
const OTHERS = ['register', 'options', 'message', 'info', 'notify', 'refer', 'publish', 'update', 'prack'];

/** An application on an unmodified drachtio-srf that does with calls what applications do, each in its turn. */
export interface Application {
  readonly srf: Srf;
  /** Ends what still rings or talks. */
  endAll(): Promise<void>;
  close(): void;
}

export async function connectApplication(engine: Engine): Promise<Application> {
  const SrfClass = createRequire(import.meta.url)('drachtio-srf') as new () => Srf;
  const srf = new SrfClass();
  const ringing = new Set<SrfResponse>();
  const talking = new Set<SrfDialog>();
  let turn = 0;

  const talk = async (req: SrfRequest, res: SrfResponse): Promise<void> => {
    try {
      const dialog = await srf.createUAS(req, res, { localSdp: SDP });
      talking.add(dialog);
      dialog.on('destroy', () => talking.delete(dialog));
    } catch {
      // It was cancelled, or the engine refused the answer.
    }
  };
  const onInvite = (req: SrfRequest, res: SrfResponse): void => {
    turn += 1;
    // srf answers such an INVITE 200 and then forgets it.
    if (!req.has('Contact')) return res.send(400);
    // A route would lead the engine's BYE to whatever host the mutation made up.
    const mayTalk = req.protocol === 'udp' && !req.has('record-route');
    if (req.get('Call-ID').startsWith('good') || (turn % 3 === 0 && mayTalk)) void talk(req, res);
    else if (turn % 3 === 1) res.send(486);
    else if (turn % 5 === 0) {
      ringing.add(res);
      req.on('cancel', () => ringing.delete(res));
      res.send(180);
    }
    // Else it says nothing, and the engine ends the call.
  };

  srf.on('error', () => undefined);
  srf.invite(onInvite);
  srf.use('subscribe', (_req, res) => res.send(489));
  for (const method of OTHERS) srf.use(method, (_req, res) => res.send(method === 'refer' ? 202 : 200));
  srf.connect({ host: engine.client.host, port: engine.client.port, secret: engine.secret });
  const [error] = (await once(srf, 'connect')) as [Error | null];
  if (error !== null) throw error;
  return {
    srf,
    async endAll() {
      for (const res of ringing) res.send(480);
      ringing.clear();
      const dialogs = [...talking];
      talking.clear();
      await Promise.allSettled(dialogs.map((dialog) => dialog.destroy()));
    },
    close: () => srf.disconnect(),
  };
}
