import type { TFunction } from 'i18next';
import type { Health } from '../api/contract.ts';
import { formatDateTime } from './time.tsx';

type Check = Health['checks'][number];

/** Checks that this version of the pages knows; another is told as the server does. */
const NAMES = ['sip', 'policy', 'journal', 'templates', 'mail', 'draining'] as const;
const CODES = [
  'sip-none',
  'sip-connected',
  'sip-partly',
  'policy-missing',
  'policy-loaded',
  'policy-broken',
  'journal-writable',
  'journal-not-writable',
  'templates-missing',
  'templates-usable',
  'templates-broken',
  'mail-unknown',
  'mail-idle',
  'mail-waiting',
  'mail-failing',
  'calls-refused',
  'calls-taken',
] as const;

export function checkName(t: TFunction, { name }: Check): string {
  const known = NAMES.find((one) => one === name);
  return known === undefined ? name : t(`home.checkNames.${known}`);
}

/** Of the values that texts have, each check has its own. */
const NO_VALUES = { missing: '', error: '', queued: 0, named: '', waiting: 0, since: '', attempts: 0 };

export function checkText(t: TFunction, language: string, { code, values = {}, detail }: Check): string {
  const known = CODES.find((one) => one === code);
  if (known === undefined) return detail;
  const since = values['since'];
  const shown = since === undefined ? {} : { since: formatDateTime(String(since), language) };
  return t(`home.said.${known}`, { ...NO_VALUES, ...values, ...shown });
}

/** The worst of them: how the gateway is as a whole. */
export function overall({ ready, checks }: Health): 'good' | 'attention' | 'bad' {
  if (!ready) return 'bad';
  return checks.some(({ attention }) => attention === true) ? 'attention' : 'good';
}
