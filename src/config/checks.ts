import { didYouMean, type Mistake, type Path } from '../yamlfile/index.ts';
import { PHONES, peerMistakes, streamMistakes } from './peer-checks.ts';
import { featureCodeMistakes, registrarMistakes, voicemailMistakes } from './service-checks.ts';
import { adminListen, isLoopback, listenAddress, mailTarget, singleAddress, type Listen } from './values.ts';
import {
  entries,
  groupOf,
  hopsOf,
  isEmpty,
  isOwn,
  listensOf,
  machineOf,
  oneOf,
  texts,
  transportMistakes,
  type Group,
  type Hop,
} from './written.ts';

/**
 * What no schema can say of gateway.yaml: what belongs together, what leads back, what is not built. The file is taken as
 * it was written, after its variables: what has the wrong type is passed over here, and told by the schema.
 */

function* listenMistakes(sip: Group): Generator<Mistake> {
  const seen = new Set<string>();
  for (const { text, path } of texts(sip['listen'], ['sip', 'listen'])) {
    const listen = listenAddress(text);
    if (listen === null) continue;
    if (isSecure(listen) && sip['tls'] === undefined) {
      const remedy = 'Add tls: { certificate: FILE, keyFile: FILE } beside listen.';
      yield { path, message: `${listen.protocol}:// needs a certificate`, remedy };
    }
    if (listen.port !== 0 && seen.has(text)) {
      yield { path, message: `${JSON.stringify(text)} is listed twice`, remedy: 'Remove one of the two.' };
    }
    seen.add(text);
  }
}

const isSecure = ({ protocol }: Listen): boolean => protocol === 'tls' || protocol === 'wss';
const isWeb = ({ protocol }: Listen): boolean => protocol === 'ws' || protocol === 'wss';

/** Settings that nothing here would use. */
function* unusedMistakes(sip: Group): Generator<Mistake> {
  const listens = sip['engine'] === 'drachtio' ? [] : listensOf(sip);
  if (sip['tls'] !== undefined && !listens.some(isSecure)) {
    const message = 'nothing here listens by TLS';
    const remedy = 'Add tls://0.0.0.0:5061 or wss://0.0.0.0:443 to sip.listen, or remove sip.tls.';
    yield { path: ['sip', 'tls'], at: 'key', message, remedy };
  }
  if (sip['origins'] !== undefined && !listens.some(isWeb)) {
    const message = 'nothing here listens for WebSockets';
    yield {
      path: ['sip', 'origins'],
      at: 'key',
      message,
      remedy: 'Add wss://0.0.0.0:443 to sip.listen, or remove it.',
    };
  }
}

function* sipMistakes(sip: Group): Generator<Mistake> {
  const engine = sip['engine'] ?? 'embedded';
  yield* listenMistakes(sip);
  yield* unusedMistakes(sip);
  if (engine === 'embedded' && sip['drachtio'] !== undefined) {
    const message = 'the embedded engine needs no drachtio-server';
    yield {
      path: ['sip', 'drachtio'],
      at: 'key',
      message,
      remedy: 'Remove sip.drachtio, or set sip.engine: drachtio.',
    };
  }
  if (engine === 'drachtio') {
    if (sip['drachtio'] === undefined) {
      const message = 'engine drachtio needs at least one drachtio-server';
      yield {
        path: ['sip'],
        message,
        remedy: 'Add drachtio: [{ host: 127.0.0.1, port: 9022, secretFile: drachtio.secret }].',
      };
    }
    if (sip['listen'] !== undefined) {
      const message = 'a drachtio-server listens by its own configuration';
      yield { path: ['sip', 'listen'], at: 'key', message, remedy: 'Remove sip.listen, or set sip.engine: embedded.' };
    }
  }
  for (const { entry, path } of entries(sip['drachtio'], ['sip', 'drachtio'])) {
    yield* oneOf(entry, path, 'secret', 'secretFile');
    if (entry['secret'] === undefined && entry['secretFile'] === undefined) {
      yield { path, message: 'the secret is missing', remedy: 'Add secretFile: FILE, or secret: ${NAME}.' };
    }
  }
}

function* hopMistakes(routing: Group, sip: Group, peers: unknown): Generator<Mistake> {
  const lists: [unknown, Path][] = [[routing['nextHop'], ['routing', 'nextHop']]];
  for (const { entry, path } of entries(routing['routes'], ['routing', 'routes'])) {
    lists.push([entry['nextHop'], [...path, 'nextHop']]);
  }
  for (const [list, at] of lists) {
    for (const { entry, path } of entries(list, at)) yield* oneOf(entry, path, 'password', 'passwordFile');
    for (const { uri, path } of hopsOf(list, at)) {
      yield* transportMistakes(uri, path, sip);
      yield* streamMistakes(uri, path, peers);
      if (isOwn(uri, sip)) {
        const message = `${JSON.stringify(uri)} is this gateway itself`;
        yield { path, message, remedy: 'Name the system behind it: a PBX, a carrier, a phone.' };
      }
    }
  }
}

/** @param registers phones register here: a called number may be rung at theirs */
function* routeMistakes(routing: Group, peerNames: readonly string[], registers: boolean): Generator<Mistake> {
  if (isEmpty(routing['nextHop']) && isEmpty(routing['routes']) && !registers) {
    const message = 'there is nowhere to ring a called number';
    yield { path: ['routing'], message, remedy: 'Add nextHop: a list such as [sip:192.0.2.20:5060].' };
  }
  for (const { entry, path } of entries(routing['routes'], ['routing', 'routes'])) {
    const from = entry['from'];
    if (typeof from !== 'string' || peerNames.includes(from)) continue;
    const known = `The peers are ${peerNames.map((name) => JSON.stringify(name)).join(', ')}.`;
    const remedy = didYouMean(from, peerNames, known);
    yield { path: [...path, 'from'], message: `${JSON.stringify(from)} is not a peer of this file`, remedy };
  }
}

/** The routes that a call from a peer may take: those for it or for any, up to the first that takes every number. */
function* hopsFrom(routing: Group, peer: string): Generator<Hop & { readonly hairpin: boolean }> {
  for (const { entry, path } of entries(routing['routes'], ['routing', 'routes'])) {
    if (entry['from'] !== undefined && entry['from'] !== peer) continue;
    for (const hop of hopsOf(entry['nextHop'], [...path, 'nextHop']))
      yield { ...hop, hairpin: entry['hairpin'] === true };
    if (entry['to'] === undefined) return;
  }
  for (const hop of hopsOf(routing['nextHop'], ['routing', 'nextHop'])) yield { ...hop, hairpin: false };
}

/** A call that goes straight back where it came from rings nobody and comes again. Only single addresses can be told. */
function* returningRoutes(routing: Group, peers: unknown): Generator<Mistake> {
  for (const { entry } of entries(peers, ['peers'])) {
    const { name, allow } = entry;
    if (typeof name !== 'string') continue;
    const machines = new Set([...texts(allow, [])].map(({ text }) => singleAddress(text)));
    for (const { path, uri, hasPrefix, hairpin } of hopsFrom(routing, name)) {
      const machine = machineOf(uri);
      if (machine === null || hasPrefix || hairpin || !machines.has(machine)) continue;
      const message = `calls from peer ${JSON.stringify(name)} are sent straight back to it`;
      const remedy = `Give the hop a prefix that the peer knows (loop-back), add a route { from: ${name} } that leads elsewhere, or set hairpin: true on the route.`;
      yield { path, message, remedy };
    }
  }
}

function* journalMistakes(journal: unknown): Generator<Mistake> {
  if (typeof journal !== 'string' || /^sqlite:./.test(journal)) return;
  const path = ['journal'];
  if (/^postgres(?:ql)?:\/\//.test(journal)) {
    yield {
      path,
      message: 'a journal in PostgreSQL is not built yet',
      remedy: 'Use sqlite:../var/gateway.db until it is.',
    };
    return;
  }
  yield {
    path,
    message: `${JSON.stringify(journal)} is not a journal`,
    remedy: 'Write sqlite:PATH, such as sqlite:../var/gateway.db.',
  };
}

function* notificationMistakes(notification: Group): Generator<Mistake> {
  const path = ['notification'];
  yield* oneOf(notification, path, 'password', 'passwordFile');
  const target = typeof notification['transport'] === 'string' ? mailTarget(notification['transport']) : null;
  if (target === null) return;
  if (target.kind === 'maildir') {
    for (const key of ['password', 'passwordFile', 'ca']) {
      if (notification[key] === undefined) continue;
      yield { path: [...path, key], at: 'key', message: `maildir: needs no ${key}`, remedy: 'Remove it.' };
    }
    return;
  }
  if (target.hasPassword) {
    const message = 'the password stands in the transport';
    yield { path: [...path, 'transport'], message, remedy: 'Put it into a file: passwordFile: smtp.password.' };
  }
  const hasSecret = notification['password'] !== undefined || notification['passwordFile'] !== undefined;
  if (target.username !== null && !hasSecret && !target.hasPassword) {
    const message = `the password of ${JSON.stringify(target.username)} is missing`;
    yield { path: [...path, 'transport'], message, remedy: 'Add passwordFile: FILE.' };
  }
  if (target.username === null && hasSecret) {
    const message = 'there is a password and no user name';
    yield { path: [...path, 'transport'], message, remedy: 'Write the user name into it: smtp://user@host:port.' };
  }
}

function* adminMistakes(admin: Group): Generator<Mistake> {
  const listen = typeof admin['listen'] === 'string' ? adminListen(admin['listen']) : null;
  const path = ['admin', 'listen'];
  if (listen?.protocol === 'https') {
    for (const key of ['certificate', 'keyFile']) {
      if (admin[key] !== undefined) continue;
      const message = `https needs a ${key}`;
      yield { path, message, remedy: 'Write admin: { certificate: FILE, keyFile: FILE }, PEM files.' };
    }
  } else if (listen !== null && !isLoopback(listen.host)) {
    yield {
      path,
      message: 'plain http is taken on loopback addresses only',
      remedy: `Use https://${listen.host}:${listen.port} with certificate and keyFile, or http://127.0.0.1:8080 behind a reverse proxy with TLS.`,
    };
  }
  for (const key of ['certificate', 'keyFile']) {
    if (admin[key] === undefined || listen?.protocol === 'https') continue;
    yield { path: ['admin', key], at: 'key', message: `http needs no ${key}`, remedy: 'Remove it.' };
  }
}

export function* configMistakes(written: unknown): Generator<Mistake> {
  const root = groupOf(written);
  const sip = groupOf(root['sip']);
  const routing = groupOf(root['routing']);
  const peers = root['peers'];
  const peerNames = [...entries(peers, [])].flatMap(({ entry: { name } }) => (typeof name === 'string' ? [name] : []));
  yield* sipMistakes(sip);
  const registers = root['registrar'] !== undefined;
  yield* peerMistakes(peers, registers);
  const callers = registers ? [...peerNames, PHONES] : peerNames;
  if (root['routing'] !== undefined) yield* routeMistakes(routing, callers, registers);
  yield* hopMistakes(routing, sip, peers);
  yield* returningRoutes(routing, peers);
  const voicemail = groupOf(root['voicemail']);
  yield* voicemailMistakes(voicemail, { sip, routing, peers });
  yield* registrarMistakes(groupOf(root['registrar']));
  if (root['featureCodes'] !== false) yield* featureCodeMistakes(groupOf(root['featureCodes']), voicemail);
  yield* journalMistakes(root['journal']);
  yield* notificationMistakes(groupOf(root['notification']));
  yield* adminMistakes(groupOf(root['admin']));
}
