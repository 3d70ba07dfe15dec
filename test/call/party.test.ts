import { describe, expect, it } from 'vitest';
import { callerLabel } from '../../src/call/index.ts';

const party = { number: '+33199001234', uri: 'sip:+33199001234@example.com', displayName: 'Jean', hidden: false };

describe('a caller in one word', () => {
  it('is the number', () => expect(callerLabel(party)).toBe('+33199001234'));
  it('is the URI where there is no number', () => expect(callerLabel({ ...party, number: null })).toBe(party.uri));
  it('is nobody who asked for privacy', () => expect(callerLabel({ ...party, hidden: true })).toBe('anonymous'));
});
