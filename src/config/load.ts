import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import {
  type FileBytes,
  type FileRefusal,
  fileProblem,
  type Problem,
  readRegularFile,
  readYaml,
} from '../yamlfile/index.ts';
import { configMistakes } from './checks.ts';
import { secretFiles, type SecretFiles } from './files.ts';
import { tlsMistakes } from './tls.ts';
import { PROFILE_DEFAULTS } from './profiles.ts';
import { type ConfigFile, configFile } from './schema.ts';
import type {
  AdminConfig,
  CredentialsConfig,
  GatewayConfig,
  NextHopConfig,
  NotificationConfig,
  PeerConfig,
  RegistrarConfig,
  SipConfig,
  TlsConfig,
  TraceConfig,
  VoicemailConfig,
} from './types.ts';
import { tokenMistakes } from './service-checks.ts';
import { registrar as registrarSchema } from './service-schema.ts';
import { type Environment, substitute } from './variables.ts';
import { groupOf } from './written.ts';

export const MAX_CONFIG_CHARACTERS = 4 * 1024 * 1024;

/** Where the gateway diverts, its timer ends the ringing; elsewhere it must never cut off somebody else's voicemail. */
export const RING_TIMEOUT_BEFORE_VOICEMAIL_MS = 20_000;
export const RING_TIMEOUT_MS = 180_000;

const DEFAULT_LISTEN: SipConfig['listen'] = [
  { protocol: 'udp', address: '0.0.0.0', port: 5_060 },
  { protocol: 'tcp', address: '0.0.0.0', port: 5_060 },
];

interface Refusal {
  readonly ok: false;
  readonly problems: readonly Problem[];
}

export type ConfigReading = { readonly ok: true; readonly config: GatewayConfig } | Refusal;

/** The same object without the keys that are undefined, for types with exact optional properties. */
type Defined<Value> = { [Key in keyof Value]: Exclude<Value[Key], undefined> };
function defined<Value extends object>(value: Value): Defined<Value> {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as Defined<Value>;
}

interface WithPassword {
  readonly password?: string | undefined;
  readonly passwordFile?: string | undefined;
}

function passwordOf({ password, passwordFile }: WithPassword, files: SecretFiles): { readonly password?: string } {
  const secret = passwordFile === undefined ? password : files.read(passwordFile);
  return secret === undefined || secret === null ? {} : { password: secret };
}

type WrittenHop = ConfigFile['routing']['nextHop'][number];

function hopOf(hop: WrittenHop, files: SecretFiles): NextHopConfig {
  const { password, passwordFile, ...rest } = { password: undefined, passwordFile: undefined, ...hop };
  return { ...defined(rest), ...passwordOf({ password, passwordFile }, files) };
}

interface WrittenCredentials {
  readonly certificate: string;
  readonly keyFile: string;
}

function credentialsOf({ certificate, keyFile }: WrittenCredentials, files: SecretFiles): CredentialsConfig {
  return { certificate: files.read(certificate) ?? '', key: files.read(keyFile) ?? '' };
}

function tlsOf(written: NonNullable<ConfigFile['sip']['tls']>, folder: string, files: SecretFiles): TlsConfig {
  const { clientCa, serverCa, hosts } = written;
  const all = [written, ...Object.values(hosts ?? {})];
  const read = (file: string | undefined): string | undefined =>
    file === undefined ? undefined : (files.read(file) ?? undefined);
  const authorities = defined({ clientCa: read(clientCa), serverCa: read(serverCa) });
  const named = Object.entries(hosts ?? {}).map(([name, each]) => [name, credentialsOf(each, files)] as const);
  return {
    ...credentialsOf(written, files),
    ...authorities,
    ...(hosts === undefined ? {} : { hosts: Object.fromEntries(named) }),
    keyFiles: all.map(({ keyFile }) => resolve(folder, keyFile)),
  };
}

function sipOf(written: ConfigFile['sip'], folder: string, files: SecretFiles): SipConfig {
  const { engine, listen, advertise, localNet, tls, origins, drachtio, timerB } = written;
  const sockets = (listen ?? []).map(({ protocol, host, port }) => ({ protocol, address: host, port }));
  const embedded = engine === 'embedded';
  return {
    engine,
    listen: embedded && listen === undefined ? DEFAULT_LISTEN : sockets,
    ...(tls === undefined ? {} : { tls: tlsOf(tls, folder, files) }),
    ...(origins === undefined ? {} : { origins }),
    ...(advertise === undefined ? {} : { advertise }),
    localNet,
    drachtio: (drachtio ?? []).map(({ host, port, secret, secretFile }) => {
      const read = secretFile === undefined ? secret : files.read(secretFile);
      return { host, port, secret: read ?? '' };
    }),
    timerBMs: timerB,
  };
}

type WrittenPeer = ConfigFile['peers'][number];

function digestOf({ digest }: WrittenPeer, files: SecretFiles): PeerConfig['digest'] {
  if (digest === undefined) return null;
  return { username: digest.username, password: passwordOf(digest, files).password ?? '' };
}

/** What is written wins over what the profile says. */
function peerOf(written: WrittenPeer, files: SecretFiles): PeerConfig {
  const { name, profile, allow, dialPlan, calledFrom, forks, options, sessionExpires, headers } = written;
  const defaults = PROFILE_DEFAULTS[profile];
  return {
    name,
    profile,
    allow: allow ?? [],
    digest: digestOf(written, files),
    ...(dialPlan === undefined ? {} : { dialPlan }),
    calledFrom,
    forks,
    trustReason: written.trustReason ?? defaults.trustReason,
    trustCallerId: written.trustCallerId ?? defaults.trustCallerId,
    voicemail: written.voicemail ?? null,
    optionsMs: options === undefined ? defaults.optionsMs : options,
    maxCalls: written.maxCalls ?? null,
    maxCallsPerSecond: written.maxCallsPerSecond ?? null,
    answersAfter: written.answersAfter ?? null,
    voicemailEscapeMs: written.carrierVoicemailGuard ?? null,
    headers: { pass: headers?.pass ?? null, drop: headers?.drop ?? [] },
    diversion: written.diversion ?? defaults.diversion,
    reliableProvisional: written.reliableProvisional ?? defaults.reliableProvisional,
    sessionExpiresMs: sessionExpires ?? defaults.sessionExpiresMs,
    numberFormat: written.numberFormat ?? defaults.numberFormat,
    userPhone: written.userPhone ?? defaults.userPhone,
    followRedirects: written.followRedirects ?? defaults.followRedirects,
  };
}

function voicemailOf(written: ConfigFile['voicemail'], files: SecretFiles): VoicemailConfig {
  const { owner, target, greeting, minimumMessage, settle, targets, mwi, eventTokenFile, byeHeader } = written;
  return {
    owner: owner ?? (target === undefined ? 'none' : 'gateway'),
    target: target ?? null,
    greetingMs: greeting,
    minimumMessageMs: minimumMessage,
    settleMs: settle,
    targets,
    mwi: mwi === undefined ? null : { subscribe: mwi.subscribe, expiresMs: mwi.expires },
    eventToken: eventTokenFile === undefined ? null : files.read(eventTokenFile),
    byeHeader: byeHeader ?? null,
  };
}

function registrarOf({ registrar }: Pick<ConfigFile, 'registrar'>, folder: string): RegistrarConfig | null {
  if (registrar === undefined) return null;
  const { realm, phones, dialPlan, minExpires, maxExpires, maxContacts } = registrar;
  return {
    realm,
    phones: resolve(folder, phones),
    ...(dialPlan === undefined ? {} : { dialPlan }),
    minExpiresMs: minExpires,
    maxExpiresMs: maxExpires,
    maxContacts,
  };
}

function traceOf({ trace }: ConfigFile, folder: string): TraceConfig | null {
  return trace === undefined ? null : { path: resolve(folder, trace.path), maxBytes: trace.maxSize };
}

function notificationOf(written: ConfigFile['notification'], folder: string, files: SecretFiles): NotificationConfig {
  const { transport, ca, from, replyTo, templates } = written;
  const sender = { from, ...(replyTo === undefined ? {} : { replyTo }), templates: resolve(folder, templates) };
  if (transport.kind === 'maildir')
    return { transport: { uri: `maildir:${resolve(folder, transport.path)}` }, ...sender };
  const authority = ca === undefined ? null : files.read(ca);
  return {
    transport: {
      uri: transport.uri,
      ...(transport.username === null ? {} : { username: transport.username }),
      ...passwordOf(written, files),
      ...(authority === null ? {} : { ca: authority }),
    },
    ...sender,
  };
}

function adminOf(
  { listen, certificate, keyFile, publicUrl, oidc }: ConfigFile['admin'],
  files: SecretFiles,
): AdminConfig {
  return {
    listen: { host: listen.host, port: listen.port },
    tls: certificate === undefined || keyFile === undefined ? null : credentialsOf({ certificate, keyFile }, files),
    publicUrl: publicUrl ?? null,
    oidc: oidc.map(({ clientSecret, clientSecretFile, ...provider }) => ({
      ...provider,
      clientSecret: clientSecret ?? (clientSecretFile === undefined ? null : files.read(clientSecretFile)),
    })),
  };
}

function configOf(path: string, file: ConfigFile, files: SecretFiles): GatewayConfig {
  const folder = dirname(path);
  const voicemail = voicemailOf(file.voicemail, files);
  const { nextHop, routes, ringTimeout } = file.routing;
  return {
    path,
    node: file.node ?? hostname(),
    sip: sipOf(file.sip, folder, files),
    peers: file.peers.map((peer) => peerOf(peer, files)),
    routing: {
      nextHop: nextHop.map((hop) => hopOf(hop, files)),
      routes: routes.map(({ nextHop: hops, ...route }) => ({
        ...defined(route),
        nextHop: hops.map((hop) => hopOf(hop, files)),
      })),
      ringTimeoutMs:
        ringTimeout ?? (voicemail.owner === 'gateway' ? RING_TIMEOUT_BEFORE_VOICEMAIL_MS : RING_TIMEOUT_MS),
    },
    voicemail,
    registrar: registrarOf(file, folder),
    featureCodes: file.featureCodes,
    trace: traceOf(file, folder),
    policy: resolve(folder, file.policy),
    journal: { kind: 'sqlite', path: resolve(folder, file.journal.replace(/^sqlite:/, '')) },
    notification: notificationOf(file.notification, folder, files),
    admin: adminOf(file.admin, files),
    lab: file.lab,
    stopTimeoutMs: file.stopTimeout,
  };
}

/** What a text of gateway.yaml says; `path` is where it stands, for the files that it names. Never throws. */
export function readConfig(text: string, path: string, env: Environment, nowMs = Date.now()): ConfigReading {
  const files = secretFiles(dirname(path));
  const reading = readYaml(text, {
    schema: configFile,
    maxCharacters: MAX_CONFIG_CHARACTERS,
    substitute: (written) => substitute(written, env),
    check: (written) => [
      ...configMistakes(written),
      ...files.mistakes(written),
      ...tokenMistakes(groupOf(groupOf(written)['voicemail']), files),
      ...tlsMistakes(
        groupOf(groupOf(groupOf(written)['sip'])['tls']),
        groupOf(groupOf(written)['admin']),
        files,
        nowMs,
      ),
    ],
  });
  return reading.ok ? { ok: true, config: configOf(path, reading.value, files) } : reading;
}

function refused(reason: string): Refusal {
  const remedy = 'Name the file with --config FILE; a complete one is sip-config/gateway.yaml.';
  return { ok: false, problems: [fileProblem(`the file cannot be read: ${reason}`, remedy)] };
}

/**
 * Reads gateway.yaml: the configuration, or every mistake in it with its line, path and remedy. Never rejects.
 * @param path the file; what it names is relative to its folder
 * @param env for `${NAME}`
 */
export async function loadConfig(path: string, env: Environment): Promise<ConfigReading> {
  const absolute = resolve(path);
  const text = configText(absolute);
  return typeof text === 'string' ? readConfig(text, absolute, env) : text;
}

function configText(path: string): string | Refusal {
  let read: FileBytes | FileRefusal;
  try {
    read = readRegularFile(path, MAX_CONFIG_CHARACTERS);
  } catch (error) {
    return refused(error instanceof Error ? error.message : String(error));
  }
  if (read === 'too large') return refused(`it has more than ${MAX_CONFIG_CHARACTERS} bytes`);
  if (typeof read === 'string') return refused(read === 'directory' ? 'it is a directory' : 'it is a pipe or a device');
  return read.bytes.toString('utf8');
}

/**
 * What gateway.yaml says of the registrar, whatever is wrong with the rest: whoever writes the file of phones may not be done with it.
 * Never throws.
 */
export function loadRegistrar(
  path: string,
  env: Environment,
): { readonly ok: true; readonly registrar: RegistrarConfig | null } | Refusal {
  const absolute = resolve(path);
  const text = configText(absolute);
  if (typeof text !== 'string') return text;
  const reading = readYaml(text, {
    schema: z.object({ registrar: registrarSchema.optional() }),
    maxCharacters: MAX_CONFIG_CHARACTERS,
    substitute: (written) => substitute({ registrar: groupOf(written)['registrar'] }, env),
  });
  return reading.ok ? { ok: true, registrar: registrarOf(reading.value, dirname(absolute)) } : reading;
}
