/** Formatters are dear to make and cheap to use; there are about as many as languages times zones in use. */
export const MAX_CACHED_FORMATTERS = 256;

interface Formatter {
  readonly moment: Intl.DateTimeFormat;
  readonly zone: Intl.DateTimeFormat;
}

const formatters = new Map<string, Formatter>();

/**
 * `Monday, November 16, 2026 at 2:03 PM (Central European Standard Time)` in the reader's language and time zone.
 * @param locale BCP 47; what Intl does not know reads as `en-GB`
 * @param timeZone IANA; what Intl does not know reads as UTC
 */
export function formatMoment(at: number, locale: string, timeZone: string): string {
  const { moment, zone } = formatterFor(locale, timeZone);
  const name = zone.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value;
  return name === undefined ? moment.format(at) : `${moment.format(at)} (${name})`;
}

function formatterFor(locale: string, timeZone: string): Formatter {
  const key = `${locale} ${timeZone}`;
  const known = formatters.get(key);
  if (known !== undefined) return known;
  const made = makeFormatter(supported(locale, 'en-GB', isLocale), supported(timeZone, 'UTC', isTimeZone));
  const oldest = formatters.size < MAX_CACHED_FORMATTERS ? undefined : formatters.keys().next().value;
  if (oldest !== undefined) formatters.delete(oldest);
  formatters.set(key, made);
  return made;
}

function makeFormatter(locale: string, timeZone: string): Formatter {
  return {
    moment: new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'short', timeZone }),
    zone: new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: 'long' }),
  };
}

function supported(value: string, fallback: string, test: (value: string) => unknown): string {
  try {
    test(value);
    return value;
  } catch {
    return fallback;
  }
}

function isLocale(locale: string): unknown {
  return new Intl.Locale(locale);
}

function isTimeZone(timeZone: string): unknown {
  return new Intl.DateTimeFormat('en', { timeZone });
}
