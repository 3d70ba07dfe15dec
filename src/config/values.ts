import ipaddr from 'ipaddr.js';
import { durationMs } from '../yamlfile/index.ts';

/** What one value of gateway.yaml may look like: each function takes a text apart, or answers null. */

export interface HostPort {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

/** An IPv4 or IPv6 address, the latter in brackets, and a port: `0.0.0.0:5060`, `[::]:5060`. */
function addressAndPort(text: string): HostPort | null {
  const parts = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(text);
  const [, v6, v4, port] = parts ?? [];
  const host = v6 ?? v4;
  if (host === undefined || Number(port) > 65_535) return null;
  const valid = v6 === undefined ? ipaddr.IPv4.isValidFourPartDecimal(host) : ipaddr.IPv6.isValid(host);
  return valid ? { host, port: Number(port) } : null;
}

export interface Listen extends HostPort {
  readonly protocol: 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';
}

/** `udp://0.0.0.0:5060`. */
export function listenAddress(text: string): Listen | null {
  const parts = /^(udp|tcp|tls|ws|wss):\/\/(.+)$/.exec(text);
  const address = addressAndPort(parts?.[2] ?? '');
  return parts === null || address === null ? null : { protocol: parts[1] as Listen['protocol'], ...address };
}

export interface AdminListen extends HostPort {
  readonly protocol: 'http' | 'https';
}

/** `http://127.0.0.1:8080`; `localhost` is 127.0.0.1. */
export function adminListen(text: string): AdminListen | null {
  const parts = /^(https?):\/\/(.+?)\/?$/.exec(text);
  const address = addressAndPort((parts?.[2] ?? '').replace(/^localhost:/, '127.0.0.1:'));
  return parts === null || address === null ? null : { protocol: parts[1] as AdminListen['protocol'], ...address };
}

export function isLoopback(host: string): boolean {
  return ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback';
}

/** `10.0.0.0/8`, `2001:db8::/32`, or one address. */
export function isCidr(text: string): boolean {
  return text.includes('/') ? ipaddr.isValidCIDR(text) : isAddress(text);
}

export function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);
}

/** The one address that a CIDR is, or null where it is a range. */
export function singleAddress(cidr: string): string | null {
  if (!cidr.includes('/')) return isAddress(cidr) ? ipaddr.process(cidr).toString() : null;
  if (!ipaddr.isValidCIDR(cidr)) return null;
  const [address, bits] = ipaddr.parseCIDR(cidr);
  return bits === (address.kind() === 'ipv4' ? 32 : 128) ? ipaddr.process(address.toString()).toString() : null;
}

const HOST_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;

export function isHost(text: string): boolean {
  // Digits and dots that are no address are a mistyped address, not a name.
  return isAddress(text) || (HOST_NAME.test(text) && !/^[0-9.]+$/.test(text));
}

/** A web site as browsers name it in Origin (RFC 6454 6.1): lower case, without the default port or a final slash. Null: none, or with a path. */
export function webOrigin(text: string): string | null {
  return /^https?:\/\/[^/\s?#@]+\/?$/i.test(text) && URL.canParse(text) ? new URL(text).origin : null;
}

export interface SipTarget {
  readonly scheme: 'sip' | 'sips';
  readonly user: string | null;
  /** Without brackets, in lower case. */
  readonly host: string;
  readonly port: number | null;
  /** `transport` parameter, in lower case. */
  readonly transport: string | null;
}

const SIP_URI =
  /^(sips?):(?:([^@\s:;?<>"]+)@)?(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+))(?::(\d{1,5}))?((?:;[A-Za-z0-9_.!~*'()%-]+(?:=[^;?\s]*)?)*)$/;

/** A SIP URI that calls are sent to: no password, no headers. */
export function sipTarget(text: string): SipTarget | null {
  const parts = SIP_URI.exec(text);
  if (parts === null) return null;
  const [, scheme, user, v6, name, port, parameters = ''] = parts;
  const host = (v6 ?? name ?? '').toLowerCase();
  if (!isHost(host) || Number(port ?? 0) > 65_535) return null;
  const transport = /;transport=([^;]*)/i.exec(parameters)?.[1]?.toLowerCase() ?? null;
  return {
    scheme: scheme as SipTarget['scheme'],
    user: user ?? null,
    host,
    port: port === undefined ? null : Number(port),
    transport,
  };
}

export type MailTarget =
  | { readonly kind: 'maildir'; readonly path: string }
  | { readonly kind: 'smtp'; readonly uri: string; readonly username: string | null; readonly hasPassword: boolean };

/** `maildir:path`, `smtp://[user@]host[:port]`, `smtps://…`. */
export function mailTarget(text: string): MailTarget | null {
  if (text.startsWith('maildir:')) {
    const path = text.slice('maildir:'.length);
    return path === '' ? null : { kind: 'maildir', path };
  }
  if (!/^smtps?:\/\/[^/]/.test(text)) return null;
  let uri: URL;
  try {
    uri = new URL(text);
  } catch {
    return null;
  }
  if (!isHost(uri.hostname.replace(/^\[|\]$/g, '')) || (uri.pathname !== '' && uri.pathname !== '/')) return null;
  if ([...uri.searchParams.keys()].some((name) => name !== 'tls')) return null;
  if (!['off', 'opportunistic', 'required', null].includes(uri.searchParams.get('tls'))) return null;
  const username = uri.username === '' ? null : decodeURIComponent(uri.username);
  const hasPassword = uri.password !== '';
  uri.username = '';
  uri.password = '';
  return { kind: 'smtp', uri: uri.href.replace(/\/(?=\?|$)/, ''), username, hasPassword };
}

/** `missed-calls@example.com` or `Missed calls <missed-calls@example.com>`. */
export function isMailbox(text: string): boolean {
  if (/\p{Cc}/u.test(text)) return false;
  const address = /^[^<>]*<([^<>]+)>$/.exec(text)?.[1] ?? text;
  return /^[^\s<>@"(),:;[\]\\]{1,64}@[^\s<>@"(),:;[\]\\]{1,255}$/.test(address);
}

/** The called number is matched with the `u` flag. */
export function isRegularExpression(text: string): boolean {
  try {
    return new RegExp(text, 'u').source !== '';
  } catch {
    return false;
  }
}

/** `20s..22s`, in milliseconds; the second is the later one. */
export function durationRange(text: string): { readonly fromMs: number; readonly toMs: number } | null {
  const parts = /^([^.]+(?:\.\d+[a-z]+)?)\.\.(.+)$/.exec(text);
  const fromMs = durationMs(parts?.[1] ?? '');
  const toMs = durationMs(parts?.[2] ?? '');
  return fromMs === null || toMs === null || fromMs > toMs ? null : { fromMs, toMs };
}

const UNIT_BYTES: Readonly<Record<string, number>> = { KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };

/** `64MB`, `2GB`, in bytes. */
export function byteCount(text: string, min: number, max: number): number | null {
  const parts = /^(\d{1,9}) ?(KB|MB|GB)$/.exec(text);
  const bytes = Number(parts?.[1]) * (UNIT_BYTES[parts?.[2] ?? ''] ?? 0);
  return bytes >= min && bytes <= max ? bytes : null;
}

/** What is dialled to get at a voicemail system: a user part (`*97`, `5000`, `voicemail`) or a URI. */
export function isVoicemailAddress(text: string): boolean {
  return /^[A-Za-z0-9*#+._-]{1,64}$/.test(text) || sipTarget(text) !== null;
}
