import { durationMs, type Mistake, type Path } from '../yamlfile/index.ts';
import type { SecretFiles } from './files.ts';
import { streamMistakes } from './peer-checks.ts';
import { sipTarget } from './values.ts';
import { entries, groupOf, hopsOf, isOwn, machineOf, peerAt, texts, transportMistakes, type Group } from './written.ts';

/** Shorter tokens can be guessed. */
export const MIN_TOKEN_CHARACTERS = 16;

function* ownerMistakes(voicemail: Group, peers: unknown): Generator<Mistake> {
  const { owner, target } = voicemail;
  const ours = [...entries(peers, ['peers'])].filter(({ entry }) => entry['voicemail'] === 'gateway');
  if (owner === 'gateway' && target === undefined) {
    const message = 'the gateway has the voicemail, and no target to divert to';
    yield { path: ['voicemail', 'owner'], message, remedy: 'Add target: sip:voicemail@192.0.2.30, or another owner.' };
  }
  for (const { path } of target === undefined ? ours : []) {
    const message = 'the gateway has the voicemail of this peer, and no target to divert to';
    const remedy = 'Add voicemail: { target: sip:voicemail@192.0.2.30 } to the file, or name another owner.';
    yield { path: [...path, 'voicemail'], message, remedy };
  }
  if (owner === 'none' && target !== undefined && ours.length === 0) {
    const message = 'nobody is diverted to it, as voicemail.owner is none';
    yield { path: ['voicemail', 'target'], message, remedy: 'Remove owner, or set owner: gateway.' };
  }
}

/** A call that nobody took would be for the same number again, at the system that has just rung it or that sent it here. */
function* returningTarget(target: string, routing: Group, peers: unknown): Generator<Mistake> {
  const machine = machineOf(target);
  const peer = peerAt(target, peers);
  if (machine === null || peer === null || sipTarget(target)?.user !== null) return;
  const lists = [routing['nextHop'], ...[...entries(routing['routes'], [])].map(({ entry }) => entry['nextHop'])];
  const rungThere = lists.some((list) => [...hopsOf(list, [])].some(({ uri }) => machineOf(uri) === machine));
  if (!rungThere) return;
  const name = JSON.stringify(peer.entry['name']);
  const message = `it names no voicemail number, so that peer ${name} would get the call for the called number again`;
  const remedy = `Write the number of its voicemail into it, such as ${target.replace(/^(sips?:)/, '$1*97@')}.`;
  yield { path: ['voicemail', 'target'], message, remedy };
}

export interface VoicemailSurroundings {
  readonly sip: Group;
  readonly routing: Group;
  readonly peers: unknown;
}

export function* voicemailMistakes(
  voicemail: Group,
  { sip, routing, peers }: VoicemailSurroundings,
): Generator<Mistake> {
  yield* ownerMistakes(voicemail, peers);
  const { target } = voicemail;
  const mwi = groupOf(voicemail['mwi']);
  const called: [unknown, Path, string][] = [
    [target, ['voicemail', 'target'], 'Name the voicemail system.'],
    [mwi['subscribe'], ['voicemail', 'mwi', 'subscribe'], 'Name the system that knows the message totals.'],
  ];
  for (const [uri, path, remedy] of called) {
    if (typeof uri !== 'string') continue;
    yield* transportMistakes(uri, path, sip);
    yield* streamMistakes(uri, path, peers);
    if (isOwn(uri, sip)) yield { path, message: `${JSON.stringify(uri)} is this gateway itself`, remedy };
  }
  if (typeof target === 'string') yield* returningTarget(target, routing, peers);
}

export function* registrarMistakes(registrar: Group): Generator<Mistake> {
  const [min, max] = ['minExpires', 'maxExpires'].map((key) => {
    const written = registrar[key];
    return typeof written === 'string' ? durationMs(written) : null;
  });
  const shortest = min ?? 60_000;
  const longest = max ?? 3_600_000;
  if (shortest > longest) {
    const message = 'a registration would have to be longer than it may be';
    const remedy = 'Set minExpires to less than maxExpires.';
    yield { path: ['registrar', min === null ? 'maxExpires' : 'minExpires'], message, remedy };
  }
}

/** A code that means two things would do neither. */
export function* featureCodeMistakes(codes: Group, voicemail: Group): Generator<Mistake> {
  const { notificationsOn: on = '*56', notificationsOff: off = '*57' } = codes;
  const key = codes['notificationsOff'] === undefined ? 'notificationsOn' : 'notificationsOff';
  if (on === off) {
    const message = 'one code cannot switch notifications both on and off';
    yield { path: ['featureCodes', key], message, remedy: 'Give each a code of its own, such as "*56" and "*57".' };
  }
  const target = typeof voicemail['target'] === 'string' ? sipTarget(voicemail['target'])?.user : null;
  const taken = [
    ...(target === null || target === undefined ? [] : [{ text: target, path: ['voicemail', 'target'] }]),
    ...texts(voicemail['targets'], ['voicemail', 'targets']),
  ];
  for (const { text, path } of taken) {
    if (text !== on && text !== off) continue;
    const message = `${JSON.stringify(text)} is the feature code that switches notifications ${text === on ? 'on' : 'off'}`;
    yield { path, message, remedy: 'Give one of the two another number (featureCodes).' };
  }
}

/** Whoever has the token decides whether mails are sent. */
export function tokenMistakes(voicemail: Group, files: SecretFiles): Mistake[] {
  const { eventTokenFile } = voicemail;
  const token = typeof eventTokenFile === 'string' ? files.read(eventTokenFile) : null;
  if (token === null || new RegExp(`^[!-~]{${MIN_TOKEN_CHARACTERS},}$`).test(token)) return [];
  const message = `the token in it is no text of ${MIN_TOKEN_CHARACTERS} characters or more without spaces`;
  const remedy = `Make one: openssl rand -hex 32 > ${JSON.stringify(eventTokenFile)}`;
  return [{ path: ['voicemail', 'eventTokenFile'], message, remedy }];
}
