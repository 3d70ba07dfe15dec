import fc from 'fast-check';
import { Grammar } from 'sip.js/lib/grammar/index.js';
import { describe, expect, it } from 'vitest';
import { parseNameAddress, parseUri } from '../../../src/sip/index.ts';

/**
 * SIP.js reads URIs with a parser generated from the RFC's grammar: a second opinion. Where it departs from the RFC the texts
 * are kept clear of it: it joins the password to the user, lowers the case of hosts, and leaves quotes and escapes in place.
 */
const user = fc.string({
  unit: fc.constantFrom(..."aZ09-_.!~*'()&=+$,;?/".split(''), '%41', '%40', '%3a'),
  minLength: 1,
  maxLength: 12,
});
const host = fc.constantFrom('example.com', '192.0.2.7', '[2001:db8::7]', '[::1]', 'a-b.c', 'localhost');
const port = fc.constantFrom('', ':1', ':5060', ':65535');
const param = fc.constantFrom('', ';lr', ';transport=TCP', ';user=phone', ';x=%41[:/]&+$', ';Method=INVITE');
const uriHeaders = fc.constantFrom('', '?Subject=a%20b', '?X=y&Z=');
const uri = fc
  .tuple(fc.constantFrom('sip', 'sips'), fc.option(user), host, port, param, uriHeaders)
  .map(([scheme, user, ...rest]) => `${scheme}:${user === null ? '' : `${user}@`}${rest.join('')}`);
const displayName = fc.constantFrom('', 'Bob ', 'Bob  van  B. ', '"" ', '"a;b, <c> \\" \\\\" ', '"x"');
const headerParams = fc.constantFrom('', ';tag=a1', ' ; Tag = a1 ; q=0.5', ';expires=60;+sip.x="<a;b>"');

describe('SIP.js agrees', () => {
  it('on URIs', () => {
    fc.assert(
      fc.property(uri, (text) => {
        const theirs = Grammar.URIParse(text);
        const ours = parseUri(text);
        if (theirs === undefined || ours === null) throw new Error(`${text}: only one of us takes it`);
        expect(ours.scheme).toBe(theirs.scheme);
        expect(ours.user ?? '').toBe(theirs.user ?? '');
        expect(ours.host).toBe(theirs.host.replaceAll(/[[\]]/g, ''));
        expect(ours.port ?? undefined).toBe(theirs.port);
        const params = Object.entries(theirs.parameters).map(([name, value]) => [name, (value ?? '').toLowerCase()]);
        expect([...ours.params].map(([name, value]) => [name, value.toLowerCase()])).toEqual(params);
      }),
    );
  });

  it('on name-addresses', () => {
    fc.assert(
      fc.property(displayName, uri, headerParams, (name, uri, params) => {
        const text = `${name}<${uri}>${params}`;
        const theirs = Grammar.nameAddrHeaderParse(text);
        const ours = parseNameAddress(text);
        if (theirs === undefined || ours === null) throw new Error(`${text}: only one of us takes it`);
        expect(ours.uri).toBe(uri);
        // Its type promises a string.
        const theirName = (theirs as { displayName?: string }).displayName ?? '';
        expect(ours.displayName ?? '').toBe(theirName.replaceAll(/\\(.)/g, '$1'));
        const theirParams = Object.entries(theirs.parameters).map(([key, value]) => [key, value?.replaceAll('"', '')]);
        expect([...ours.params]).toEqual(theirParams);
      }),
    );
  });

  it.each(['sip:a@', 'sip:a@h:x', 'sip:[::1', 'sip:a b@h', 'http:x', 'sip:'])('that %j is none', (text) => {
    expect(Grammar.URIParse(text)).toBeUndefined();
    expect(parseUri(text)).toBeNull();
  });
});
