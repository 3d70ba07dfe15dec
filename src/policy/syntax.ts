/** What one value of policy.yaml may look like. Each answers true or false; the schema has the words. */

/** Exchange forbids these in the names of dial plans and mailbox policies; control characters nobody can type. */
export const NAME = /^[^"/\\[\]:;|=,+*?<>\p{Cc}]+$/u;

/** ITU-T E.164: at most 15 digits, the first of which is no zero. */
export const E164_NUMBER = /^\+[1-9][0-9]{1,14}$/;

export const EXTENSION_OR_NUMBER = /^(?:[0-9]{1,20}|\+[1-9][0-9]{1,14})$/;

export const NUMBER_PREFIX = /^\+?[0-9]{1,19}$/;

export const COUNTRY_CODE = /^[0-9]{1,4}$/;

/** What is dialled before a number: digits. */
export const DIALLING_CODE = /^[0-9]+$/;

const LABEL = String.raw`[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?`;

/** RFC 5322 dot-atom, with letters of any script (RFC 6531); quoted local parts and address literals are not taken. */
export const EMAIL_ADDRESS = new RegExp(
  String.raw`^(?=.{1,64}@)[\p{L}\p{N}!#$%&'*+/=?^_{|}~\x60-]+(?:\.[\p{L}\p{N}!#$%&'*+/=?^_{|}~\x60-]+)*@${LABEL}(?:\.${LABEL})*$`,
  'u',
);

/** RFC 3261 25.1: user@host[:port], no password, parameters or headers: an address of record. */
export const SIP_ADDRESS =
  /^sips?:(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/]|%[0-9A-Fa-f]{2})+@(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;

/** A value judged once: files have few languages and zones in many lines. */
function remembered(judge: (value: string) => boolean): (value: string) => boolean {
  const known = new Map<string, boolean>();
  return (value) => {
    let verdict = known.get(value);
    if (verdict === undefined) {
      verdict = judge(value);
      // Bounded: a file of wrong values fills it once and starts again.
      if (known.size >= 1_000) known.clear();
      known.set(value, verdict);
    }
    return verdict;
  };
}

const languageNames = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' });

/** BCP 47, with a language that exists: `french` is well formed and means nothing. */
export const isLanguage = remembered((tag) => {
  try {
    const { language, region } = new Intl.Locale(tag);
    return languageNames.of(region === undefined ? language : `${language}-${region}`) !== undefined;
  } catch {
    return false;
  }
});

/** A zone of the IANA database. Offsets such as `+01:00` know no summer time and are not zones. */
export const isTimeZone = remembered((zone) => {
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
});

/** The IANA zones that a misspelt one may have meant. */
export const timeZones = (): readonly string[] => Intl.supportedValuesOf('timeZone');
