import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import type { Page } from 'playwright-core';

/**
 * A page with a web phone: SIP.js as it is published, and the browser's own WebRTC. It calls over a WebSocket; as nobody can
 * call a WebSocket without registration, the other half of a call is a page that only answers offers (`answer`).
 */
const PAGE = `<!doctype html><title>web phone</title><script type="module">
import { Inviter, SessionState, UserAgent, Web } from '/sip.js/index.js';

const heard = [];
let session, answering;
const states = (connection) => ({ ice: connection.iceConnectionState, dtls: connection.connectionState });

window.webPhone = {
  heard,
  async dial(server, from, to) {
    const agent = new UserAgent({
      uri: UserAgent.makeURI(from),
      displayName: 'Jean Dupont',
      transportOptions: { server },
      sessionDescriptionHandlerFactoryOptions: { peerConnectionConfiguration: { iceServers: [] } },
      logBuiltinEnabled: false,
    });
    await agent.start();
    session = new Inviter(agent, UserAgent.makeURI(to));
    session.stateChange.addListener((state) => heard.push(state));
    session.delegate = {
      onBye(bye) {
        heard.push('BYE');
        bye.accept();
      },
    };
    await session.invite({
      requestDelegate: {
        onProgress: ({ message }) => heard.push(message.statusCode),
        onAccept: ({ message }) => heard.push(message.statusCode),
        onReject: ({ message }) => heard.push(message.statusCode),
      },
    });
  },
  cancel: () => session.cancel(),
  bye: () => session.bye(),
  hold: (hold) =>
    session.invite({
      sessionDescriptionHandlerOptions: { hold },
      requestDelegate: { onAccept: () => heard.push(hold ? 'held' : 'resumed') },
    }),
  media: () => states(session.sessionDescriptionHandler.peerConnection),
  async answer(offer) {
    answering ??= new RTCPeerConnection();
    await answering.setRemoteDescription({ type: 'offer', sdp: offer });
    if (answering.getSenders().every(({ track }) => track === null)) {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      for (const track of stream.getTracks()) answering.addTrack(track, stream);
    }
    await answering.setLocalDescription();
    while (answering.iceGatheringState !== 'complete') await new Promise((resolve) => setTimeout(resolve, 20));
    return answering.localDescription.sdp;
  },
  /** Bytes of sound that arrived at the page that answers. */
  async bytesReceived() {
    const reports = [...(await answering.getStats()).values()];
    return reports.find(({ type }) => type === 'inbound-rtp')?.bytesReceived ?? 0;
  },
};
document.title = 'ready';
</script>`;

const SIP_JS = 'node_modules/sip.js/lib';

export interface WebSite {
  readonly origin: string;
  close(): Promise<void>;
}

/** Serves the page and SIP.js, whose modules import one another by path, over plain HTTP. */
export async function startWebSite(): Promise<WebSite> {
  const server = createServer((request, response) => {
    const path = normalize(request.url ?? '/');
    if (path === '/') return void response.setHeader('Content-Type', 'text/html').end(PAGE);
    if (!path.startsWith('/sip.js/')) return void response.writeHead(404).end();
    readFile(join(SIP_JS, path.slice('/sip.js/'.length))).then(
      (text) => response.setHeader('Content-Type', 'text/javascript').end(text),
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A page with a web phone; `call` runs one of its functions, `heard` waits until it has heard this, a status or a state. */
export interface WebPhone {
  call<T>(name: string, ...values: readonly unknown[]): Promise<T>;
  heard(what: string | number): Promise<void>;
  /** Waits until the expression, in which the phone is `webPhone`, is true. */
  until(expression: string): Promise<void>;
}

export async function openWebPhone(page: Page, { origin }: WebSite): Promise<WebPhone> {
  await page.goto(origin);
  await page.waitForFunction("document.title === 'ready'");
  const until = async (expression: string): Promise<void> => {
    await page.waitForFunction(expression, undefined, { timeout: 10_000, polling: 50 });
  };
  return {
    call: (name, ...values) => page.evaluate(`webPhone.${name}(...${JSON.stringify(values)})`),
    heard: (what) => until(`webPhone.heard.includes(${JSON.stringify(what)})`),
    until,
  };
}
