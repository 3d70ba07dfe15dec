import { makeStyles } from '@fluentui/react-components';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

const useStyles = makeStyles({ time: { whiteSpace: 'nowrap' } });

const SECOND_MS = 1000;
const STEPS: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, ms: number])[] = [
  ['day', 24 * 60 * 60 * SECOND_MS],
  ['hour', 60 * 60 * SECOND_MS],
  ['minute', 60 * SECOND_MS],
];

interface TimeProps {
  /** ISO 8601, as the API has it. */
  readonly at: string;
}

/** Date and time in the viewer's zone and language. */
export function DateTime({ at }: TimeProps) {
  const { i18n } = useTranslation();
  return <time dateTime={at}>{formatDateTime(at, i18n.language)}</time>;
}

/** `3 minutes ago`; the whole date and time when pointed at. */
export function TimeAgo({ at }: TimeProps) {
  const styles = useStyles();
  const { i18n } = useTranslation();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30 * SECOND_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <time className={styles.time} dateTime={at} title={formatDateTime(at, i18n.language)}>
      {formatAgo(Date.parse(at), Math.max(now, Date.parse(at)), i18n.language)}
    </time>
  );
}

export function formatDateTime(at: string, language: string): string {
  return new Intl.DateTimeFormat(localeOf(language), { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(at));
}

/** The pages' language as the viewer's country writes it, where the browser says which: English dates differ. */
export function localeOf(language: string): string {
  return navigator.languages.find((one) => one.split('-', 1)[0] === language) ?? language;
}

export function formatAgo(atMs: number, nowMs: number, language: string): string {
  const passedMs = nowMs - atMs;
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const [unit, ms] = STEPS.find(([, step]) => Math.abs(passedMs) >= step) ?? ['second', SECOND_MS];
  // Seconds change while one reads: up to a minute it is now.
  return unit === 'second' ? format.format(0, 'second') : format.format(-Math.round(passedMs / ms), unit);
}
