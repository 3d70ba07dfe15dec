import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress, parseUri } from '../../../src/gateway/message/address.ts';
import { addressesInStyle, uriInStyle, type NumberStyle } from '../../../src/gateway/message/numbers.ts';

const toE164 = (number: string): string | null => (/^1\d{3}$/.test(number) ? `+3314000${number}` : null);
const e164: NumberStyle = { toE164, userPhone: false };
const phone: NumberStyle = { userPhone: true };
const both: NumberStyle = { toE164, userPhone: true };

describe('a number in the style of a peer', () => {
  it.each([
    ['a number of the plan', 'sip:1001@192.0.2.1', e164, 'sip:+33140001001@192.0.2.1'],
    ['one that the plan does not know stays', 'sip:77@192.0.2.1', e164, 'sip:77@192.0.2.1'],
    ['a name stays', 'sip:alice@192.0.2.1', both, 'sip:alice@192.0.2.1'],
    ['a feature code stays', 'sip:*97@192.0.2.1', both, 'sip:*97@192.0.2.1'],
    ['port and parameters stay', 'sips:1001@h:5061;transport=tcp', e164, 'sips:+33140001001@h:5061;transport=tcp'],
    ['parameters of the local number go', 'sip:1001;phone-context=x@h', e164, 'sip:+33140001001@h'],
    ['a tel URI', 'tel:1001', both, 'tel:+33140001001'],
    ['user=phone behind a number', 'sip:+331@h;transport=tcp', phone, 'sip:+331@h;transport=tcp;user=phone'],
    ['user=phone once', 'sip:+331@h;user=phone', phone, 'sip:+331@h;user=phone'],
    ['user=ip stays what it says', 'sip:331@h;user=ip', phone, 'sip:331@h;user=ip'],
    ['headers stay behind', 'sip:1001@h?Subject=a', both, 'sip:+33140001001@h;user=phone?Subject=a'],
    ['no user', 'sip:192.0.2.1', both, 'sip:192.0.2.1'],
    ['no URI', 'urn:service:sos', both, 'urn:service:sos'],
  ])('%s', (_name, uri, style, styled) => {
    expect(uriInStyle(uri, style)).toBe(styled);
  });

  it('the prefix of a hop is no part of it, and stays', () => {
    expect(uriInStyle('sip:91001@h', e164, '9')).toBe('sip:9+33140001001@h');
  });

  it.each([
    ['"1001 Alice" <sip:1001@h>', '"1001 Alice" <sip:+33140001001@h;user=phone>'],
    ['"sip:1001@h" <sip:1001@h>', '"sip:1001@h" <sip:+33140001001@h;user=phone>'],
    ['sip:1001@h', '<sip:+33140001001@h;user=phone>'],
    ['<sip:1001@h>, <tel:1002>', '<sip:+33140001001@h;user=phone>, <tel:+33140001002>'],
    ['"Anonymous" <sip:anonymous@anonymous.invalid>', '"Anonymous" <sip:anonymous@anonymous.invalid>'],
  ])('in %s', (value, styled) => {
    expect(addressesInStyle(value, both)).toBe(styled);
  });

  it('doing it twice changes nothing more, and what was a URI is one', () => {
    const user = fc.stringMatching(/^[\w+*.;=-]{1,12}$/);
    fc.assert(
      fc.property(user, fc.boolean(), (text, userPhone) => {
        const style = { toE164, userPhone };
        const once = uriInStyle(`sip:${text}@example.com:5060`, style);
        expect(uriInStyle(once, style)).toBe(once);
        expect(parseUri(once)?.host).toBe('example.com');
        expect(parseAddress(addressesInStyle(`"A, B" <sip:${text}@example.com>`, style))?.displayName).toBe('A, B');
      }),
    );
  });
});
