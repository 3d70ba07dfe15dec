import type { Mistake, Path } from '../yamlfile/index.ts';
import { STREAMS_ONLY } from './profiles.ts';
import { sipTarget } from './values.ts';
import { entries, groupOf, oneOf, peerAt, texts, transportOf, type Group } from './written.ts';

/** Calls of registered phones come from a peer of this name. */
export const PHONES = 'phones';

function* digestMistakes(digest: Group, path: Path, isThere: boolean): Generator<Mistake> {
  if (!isThere) return;
  yield* oneOf(digest, path, 'password', 'passwordFile');
  if (digest['password'] === undefined && digest['passwordFile'] === undefined) {
    yield { path, message: 'the password is missing', remedy: 'Add passwordFile: FILE, or password: ${NAME}.' };
  }
}

/** Without these there is no INVITE, no description of the media, and no call that comes back. */
const NEEDED_HEADERS = ['from', 'to', 'max-forwards', 'content-type', 'x-mcg-call'];

function* headerMistakes(headers: Group, path: Path): Generator<Mistake> {
  const passed = new Set([...texts(headers['pass'], [])].map(({ text }) => text.toLowerCase()));
  for (const { text, path: at } of texts(headers['drop'], [...path, 'drop'])) {
    const name = text.toLowerCase();
    if (NEEDED_HEADERS.includes(name)) {
      yield { path: at, message: `no call can be made without ${text}`, remedy: 'Remove it from the list.' };
    } else if (passed.has(name)) {
      yield {
        path: at,
        message: `${text} is to pass and to be dropped`,
        remedy: 'Remove it from one of the two lists.',
      };
    }
  }
  for (const { text, path: at } of texts(headers['pass'], [...path, 'pass'])) {
    if (/^[xp]-/i.test(text)) continue;
    const message = `${text} passes anyway: the list is about headers that begin with X- or P-`;
    yield { path: at, message, remedy: 'Remove it from the list.' };
  }
}

/** @param registers phones register here */
export function* peerMistakes(peers: unknown, registers: boolean): Generator<Mistake> {
  const first = new Map<string, Path>();
  const users = new Map<string, Path>();
  for (const { entry, path } of entries(peers, ['peers'])) {
    if (entry['allow'] === undefined && entry['digest'] === undefined) {
      const remedy =
        'Add allow: a list such as [192.0.2.10], or digest: { username: trunk, passwordFile: trunk.password }.';
      yield { path, message: 'nothing says how the peer is known', remedy };
    }
    yield* digestMistakes(groupOf(entry['digest']), [...path, 'digest'], entry['digest'] !== undefined);
    const { username } = groupOf(entry['digest']);
    if (typeof username === 'string') {
      const other = users.get(username);
      if (other === undefined) users.set(username, path);
      else {
        const message = `${JSON.stringify(username)} is already the user name of peers[${String(other[1])}]`;
        yield { path: [...path, 'digest', 'username'], message, remedy: 'Give each peer a user name of its own.' };
      }
    }
    yield* headerMistakes(groupOf(entry['headers']), [...path, 'headers']);
    const name = entry['name'];
    if (typeof name !== 'string') continue;
    if (registers && name === PHONES) {
      const message = `${JSON.stringify(PHONES)} is the peer of phones that register here`;
      yield { path: [...path, 'name'], message, remedy: 'Give it another name, or remove registrar.' };
    }
    const other = first.get(name);
    if (other === undefined) first.set(name, path);
    else {
      const message = `peer ${JSON.stringify(name)} is already defined at peers[${String(other[1])}]`;
      yield { path: [...path, 'name'], message, remedy: 'Give it another name, or put the addresses together.' };
    }
  }
}

/** A hop at a peer whose system does not speak its transport. */
export function* streamMistakes(uri: string, path: Path, peers: unknown): Generator<Mistake> {
  const target = sipTarget(uri);
  const peer = peerAt(uri, peers);
  if (target === null || peer === null || transportOf(target) !== 'udp') return;
  const { name, profile } = peer.entry;
  const why = typeof profile === 'string' ? new Map(Object.entries(STREAMS_ONLY)).get(profile) : undefined;
  if (why === undefined) return;
  const message = `it is called by UDP, and peer ${JSON.stringify(name)} is ${String(profile)}: ${why}`;
  yield { path, message, remedy: `Write ${uri};transport=tcp, or ;transport=tls.` };
}
