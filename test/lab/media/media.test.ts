import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAudio, encodeAudio, SILENCE, type Codec } from '../../../src/lab/media/g711.ts';
import { levelDb, spokenMs, tone, VOICE_DB } from '../../../src/lab/media/level.ts';
import { makeRtp, parseRtp } from '../../../src/lab/media/rtp.ts';
import { wav } from '../../../src/lab/media/wav.ts';

const sample = fc.integer({ min: -32_768, max: 32_767 });

describe.each<Codec>(['PCMU', 'PCMA'])('G.711 %s', (codec) => {
  it('gives every byte back that it decodes', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const again = encodeAudio(codec, decodeAudio(codec, bytes));
    // µ-law has two zeros.
    const different = [...again].filter((byte, index) => byte !== index);
    expect(different.length).toBeLessThanOrEqual(codec === 'PCMU' ? 1 : 0);
  });

  it('is never further off than its step', () => {
    fc.assert(
      fc.property(sample, (value) => {
        const [decoded = 0] = decodeAudio(codec, encodeAudio(codec, Int16Array.of(value)));
        expect(Math.abs(decoded - value)).toBeLessThanOrEqual(Math.max(16, Math.abs(value) / 16 + 4, 32_767 - 32_124));
      }),
    );
  });

  it('has a silence that is silent', () => {
    const [decoded = 1] = decodeAudio(codec, Uint8Array.of(SILENCE[codec]));
    expect(Math.abs(decoded)).toBeLessThanOrEqual(8);
  });
});

it('G.711 bytes are those of the standard: a table of known values', () => {
  expect([...encodeAudio('PCMU', Int16Array.of(0, 1_000, -1_000, 32_767, -32_768))]).toEqual([
    0xff, 0xce, 0x4e, 0x80, 0x00,
  ]);
  expect([...encodeAudio('PCMA', Int16Array.of(0, 1_000, -1_000, 32_767, -32_768))]).toEqual([
    0xd5, 0xfa, 0x7a, 0xaa, 0x2a,
  ]);
});

describe('RTP', () => {
  it('is read as it was written', () => {
    const packet = fc.record({
      payloadType: fc.integer({ min: 0, max: 63 }),
      sequenceNumber: fc.integer({ min: 0, max: 65_535 }),
      timestamp: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      ssrc: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      payload: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    });
    fc.assert(
      fc.property(packet, fc.boolean(), (written, marker) => {
        expect(parseRtp(makeRtp(written, marker))).toEqual(written);
      }),
    );
  });

  it('with contributors, extension and padding gives its payload alone', () => {
    const bytes = Buffer.from(
      ['b1000001000000020000000300000004', 'bede0001aabbccdd', 'cafe', '000003'].join(''),
      'hex',
    );
    expect(parseRtp(bytes)?.payload.toString('hex')).toBe('cafe');
  });

  it('anything else is null and nothing is thrown', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const parsed = parseRtp(Buffer.from(bytes));
        if (parsed !== null) expect(bytes[0]! >> 6).toBe(2);
      }),
    );
    expect(parseRtp(Buffer.alloc(0))).toBeNull();
    expect(parseRtp(Buffer.from('80c80006000000000000000000000000', 'hex'))).toBeNull();
  });
});

describe('a recording', () => {
  const rateHz = 8_000;

  it('of a tone is loud, of silence is not', () => {
    expect(levelDb(tone(440, 100, rateHz))).toBeCloseTo(-18.6, 0);
    expect(levelDb(tone(0, 100, rateHz))).toBe(-Infinity);
    expect(levelDb(new Int16Array())).toBe(-Infinity);
  });

  it('counts the time in which somebody spoke', () => {
    const line = Int16Array.from({ length: rateHz }, (_, at) => (at % 2 === 0 ? 60 : -60));
    expect(levelDb(line)).toBeLessThan(VOICE_DB);
    const both = Int16Array.from([...line, ...tone(300, 600, rateHz), ...line]);
    expect(spokenMs(both, rateHz)).toBe(600);
    expect(spokenMs(line, rateHz)).toBe(0);
  });

  it('is a WAV file that says what it has', () => {
    const file = wav(Int16Array.of(1, -2, 3), rateHz);
    expect(file.toString('latin1', 0, 4)).toBe('RIFF');
    expect(file.readUInt32LE(4)).toBe(file.length - 8);
    expect(file.readUInt32LE(24)).toBe(rateHz);
    expect(file.readUInt32LE(40)).toBe(6);
    expect([file.readInt16LE(44), file.readInt16LE(46), file.readInt16LE(48)]).toEqual([1, -2, 3]);
  });
});
