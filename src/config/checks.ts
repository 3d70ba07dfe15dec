import ipaddr from 'ipaddr.js';
import { didYouMean, type Mistake, type Path } from '../yamlfile/index.ts';
import {
  adminListen,
  isLoopback,
  listenAddress,
  mailTarget,
  singleAddress,
  sipTarget,
  type Listen,
  type SipTarget,
} from './values.ts';

/**
 * What no schema can say of gateway.yaml: what belongs together, what leads back, what is not built. The file is taken as
 * it was written, after its variables: what has the wrong type is passed over here, and told by the schema.
 */

type Group = Readonly<Record<string, unknown>>;

export const groupOf = (value: unknown): Group =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Group) : {};

function* entries(value: unknown, path: Path): Generator<{ entry: Group; path: Path }> {
  if (!Array.isArray(value)) return;
  for (const [index, entry] of value.entries()) yield { entry: groupOf(entry), path: [...path, index] };
}

function* texts(value: unknown, path: Path): Generator<{ text: string; path: Path }> {
  if (!Array.isArray(value)) return;
  for (const [index, text] of value.entries()) if (typeof text === 'string') yield { text, path: [...path, index] };
}

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

/** What `listen` says, and its default. */
function listensOf(sip: Group): Listen[] {
  const listen = Array.isArray(sip['listen']) ? sip['listen'] : ['udp://0.0.0.0:5060', 'tcp://0.0.0.0:5060'];
  return listen.flatMap((text: unknown) => (typeof text === 'string' ? (listenAddress(text) ?? []) : []));
}

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

/** A secret stands in one place. */
function* oneOf(entry: Group, path: Path, key: string, fileKey: string): Generator<Mistake> {
  if (entry[key] === undefined || entry[fileKey] === undefined) return;
  yield {
    path: [...path, key],
    at: 'key',
    message: `${key} and ${fileKey} stand here both`,
    remedy: `Keep ${fileKey}.`,
  };
}

function* digestMistakes(digest: Group, path: Path, isThere: boolean): Generator<Mistake> {
  if (!isThere) return;
  yield* oneOf(digest, path, 'password', 'passwordFile');
  if (digest['password'] === undefined && digest['passwordFile'] === undefined) {
    yield { path, message: 'the password is missing', remedy: 'Add passwordFile: FILE, or password: ${NAME}.' };
  }
}

function* peerMistakes(peers: unknown): Generator<Mistake> {
  const first = new Map<string, Path>();
  for (const { entry, path } of entries(peers, ['peers'])) {
    if (entry['allow'] === undefined && entry['digest'] === undefined) {
      const remedy =
        'Add allow: a list such as [192.0.2.10], or digest: { username: trunk, passwordFile: trunk.password }.';
      yield { path, message: 'nothing says how the peer is known', remedy };
    }
    yield* digestMistakes(groupOf(entry['digest']), [...path, 'digest'], entry['digest'] !== undefined);
    const name = entry['name'];
    if (typeof name !== 'string') continue;
    const other = first.get(name);
    if (other === undefined) first.set(name, path);
    else {
      const message = `peer ${JSON.stringify(name)} is already defined at peers[${String(other[1])}]`;
      yield { path: [...path, 'name'], message, remedy: 'Give it another name, or put the addresses together.' };
    }
  }
}

interface Hop {
  readonly path: Path;
  readonly uri: string;
  readonly hasPrefix: boolean;
}

function* hopsOf(value: unknown, path: Path): Generator<Hop> {
  if (!Array.isArray(value)) return;
  for (const [index, hop] of value.entries()) {
    const at = [...path, index];
    if (typeof hop === 'string') yield { path: at, uri: hop, hasPrefix: false };
    else {
      const { uri, prefix } = groupOf(hop);
      if (typeof uri === 'string') yield { path: [...at, 'uri'], uri, hasPrefix: prefix !== undefined };
    }
  }
}

/** `sips` is TLS over TCP whatever its transport says (RFC 3261 26.2.2). */
function transportOf({ scheme, transport }: SipTarget): string {
  return scheme === 'sips' ? 'tls' : (transport ?? 'udp');
}

/** A hop that could not be called from here. */
function* transportMistakes(uri: string, path: Path, sip: Group): Generator<Mistake> {
  const target = sipTarget(uri);
  if (target === null) return;
  const transport = transportOf(target);
  if (transport === 'ws' || transport === 'wss') {
    const remedy = 'Use ;transport=udp, tcp or tls.';
    yield { path, message: 'a WebSocket is opened by its client; nobody is called by it', remedy };
  } else if (!['udp', 'tcp', 'tls'].includes(transport)) {
    yield {
      path,
      message: `${transport} is not a transport of the gateway`,
      remedy: 'Use ;transport=udp, tcp or tls.',
    };
  } else if (
    transport === 'tls' &&
    sip['engine'] !== 'drachtio' &&
    !listensOf(sip).some((each) => each.protocol === 'tls')
  ) {
    const message = 'it is called by TLS, and the gateway does not listen by TLS';
    yield { path, message, remedy: 'Add tls://0.0.0.0:5061 to sip.listen, and sip.tls with its certificate.' };
  }
}

/** Whether a hop is one of the gateway's own sockets. */
function isOwn(uri: string, listens: readonly Listen[]): boolean {
  const target = sipTarget(uri);
  if (target === null) return false;
  const host = target.host === 'localhost' ? '127.0.0.1' : target.host;
  const transport = transportOf(target);
  const defaultPort = transport === 'tls' ? 5_061 : 5_060;
  return listens.some(({ protocol, host: bound, port }) => {
    if (protocol !== transport || port !== (target.port ?? defaultPort)) return false;
    return bound === host || ((bound === '0.0.0.0' || bound === '::') && isLoopback(host));
  });
}

function* hopMistakes(routing: Group, sip: Group): Generator<Mistake> {
  const listens = listensOf(sip);
  const lists: [unknown, Path][] = [[routing['nextHop'], ['routing', 'nextHop']]];
  for (const { entry, path } of entries(routing['routes'], ['routing', 'routes'])) {
    lists.push([entry['nextHop'], [...path, 'nextHop']]);
  }
  for (const [list, at] of lists) {
    for (const { entry, path } of entries(list, at)) yield* oneOf(entry, path, 'password', 'passwordFile');
    for (const { uri, path } of hopsOf(list, at)) {
      yield* transportMistakes(uri, path, sip);
      if (isOwn(uri, listens)) {
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

const isEmpty = (value: unknown): boolean => value === undefined || (Array.isArray(value) && value.length === 0);

/** The machine at the end of a URI, where it is an address; programs that share a loopback address are told apart by port. */
function machineOf(uri: string): string | null {
  const host = sipTarget(uri)?.host ?? '';
  if (!ipaddr.isValid(host)) return null;
  return isLoopback(host) ? null : ipaddr.process(host).toString();
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

function* voicemailMistakes(voicemail: Group, sip: Group): Generator<Mistake> {
  if (voicemail['owner'] === 'gateway' && voicemail['target'] === undefined) {
    const message = 'the gateway has the voicemail, and no target to divert to';
    yield { path: ['voicemail', 'owner'], message, remedy: 'Add target: sip:voicemail@192.0.2.30, or another owner.' };
  }
  const target = voicemail['target'];
  if (voicemail['owner'] === 'none' && target !== undefined) {
    const message = 'nobody is diverted to it, as voicemail.owner is none';
    yield { path: ['voicemail', 'target'], message, remedy: 'Remove owner, or set owner: gateway.' };
  }
  if (typeof target === 'string') yield* transportMistakes(target, ['voicemail', 'target'], sip);
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
    yield { path, message: 'https is not built yet', remedy: 'Use http://127.0.0.1:8080 until it is.' };
  } else if (listen !== null && !isLoopback(listen.host)) {
    const message = 'plain http is taken on loopback addresses only';
    yield {
      path,
      message,
      remedy: 'Use http://127.0.0.1:8080, and a reverse proxy with TLS where others must reach it.',
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
  yield* peerMistakes(peers);
  const registers = root['registrar'] !== undefined;
  // Calls of registered phones come from a peer of this name.
  const callers = registers ? [...peerNames, 'phones'] : peerNames;
  if (root['routing'] !== undefined) yield* routeMistakes(routing, callers, registers);
  yield* hopMistakes(routing, sip);
  yield* returningRoutes(routing, peers);
  yield* voicemailMistakes(groupOf(root['voicemail']), sip);
  yield* journalMistakes(root['journal']);
  yield* notificationMistakes(groupOf(root['notification']));
  yield* adminMistakes(groupOf(root['admin']));
}
