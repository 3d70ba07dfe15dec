import { describe, expect, it } from 'vitest';
import { asOwn } from '../../../src/gateway/access/admission.ts';
import { account } from '../phones.ts';

const phone = account('ph9', '1008');
const from = (value: string): string | null => asOwn({ from: value }, phone)?.['from']?.toString() ?? null;

describe('the From of a registered phone', () => {
  it.each([
    ['<sip:1008@example.com>;tag=1', '<sip:1008@example.com>;tag=1'],
    ['<sip:ph9@example.com>;tag=1', '<sip:1008@example.com>;tag=1'],
    // A display name that looks like the URI is a name.
    ['"sip:ph9@example.com" <sip:ph9@example.com>', '"sip:ph9@example.com" <sip:1008@example.com>'],
    ['"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1', '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1'],
    ['<sip:anonymous@example.com>', '<sip:anonymous@example.com>'],
  ])('%s is its own: %s', (given, own) => {
    expect(from(given)).toBe(own);
  });

  it.each([
    '<sip:1001@example.com>',
    '"CEO" <sip:1001@anonymous.invalid>',
    '<sip:1001%40x@anonymous.invalid>',
    'nonsense',
  ])('%s is somebody else’s', (given) => {
    expect(from(given)).toBeNull();
  });

  it('tells no phone how to take the call', () => {
    const working = { 'Alert-Info': 'x', 'call-info': 'x', 'Answer-Mode': 'Auto', 'p-called-party-id': 'x' };
    expect(asOwn({ from: '<sip:1008@x>', ...working }, phone)).toEqual({ from: '<sip:1008@x>' });
  });
});
