import { describe, expect, it } from 'vitest';
import {
  MAX_NAME_LENGTH,
  MAX_NUMBER_LENGTH,
  MAX_TEL_DIGITS,
  MAX_URI_LENGTH,
  shownCaller,
} from '../../src/notification/caller.ts';

const party = { number: null, displayName: null, uri: 'sip:anonymous@anonymous.invalid', hidden: false };

describe('what a mail shows of a caller', () => {
  it('is cut where a name or a number is longer than anybody’s', () => {
    const shown = shownCaller({ ...party, displayName: 'x'.repeat(1_000), number: 'y'.repeat(1_000) });
    expect(shown.name).toHaveLength(MAX_NAME_LENGTH);
    expect(shown.number).toHaveLength(MAX_NUMBER_LENGTH);
  });

  it('is a link where the number has no more digits than can be dialled', () => {
    const links = (digits: number): readonly string[] => shownCaller({ ...party, number: '9'.repeat(digits) }).links;
    expect(links(MAX_TEL_DIGITS)).toEqual([`tel:${'9'.repeat(MAX_TEL_DIGITS)}`]);
    expect(links(MAX_TEL_DIGITS + 1)).toEqual([]);
  });

  it('is a link where the URI is no longer than a link may be', () => {
    const uri = (length: number): string => `sip:${'a'.repeat(length - 'sip:@example.com'.length)}@example.com`;
    expect(shownCaller({ ...party, uri: uri(MAX_URI_LENGTH) }).links).toEqual([uri(MAX_URI_LENGTH)]);
    expect(shownCaller({ ...party, uri: uri(MAX_URI_LENGTH + 1) }).links).toEqual([]);
  });
});
