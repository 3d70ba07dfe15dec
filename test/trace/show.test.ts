import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ladder, pcap } from '../../src/trace/index.ts';
import { message, missedCall } from './samples.ts';

describe('the ladder', () => {
  it('has the caller on the left, the gateway, and whom it called on the right', () => {
    const [heads, , ...lines] = ladder(missedCall());
    expect(heads?.trim().split(/\s+/)).toEqual(['127.0.0.1:5070', 'gateway', '127.0.0.1:5090']);
    expect(lines.map((line) => line.replaceAll(/-{2,}/g, '--'))).toEqual([
      expect.stringMatching(/^\+0\.000 +\|-- INVITE sip:1001@127\.0\.0\.1 -->\| +\|$/),
      expect.stringMatching(/^\+0\.001 +\| +\|-- INVITE sip:1001@127\.0\.0\.1 -->\|$/),
      expect.stringMatching(/^\+0\.002 +\| +\|<- 180 Ringing \(INVITE\) --\|$/),
      expect.stringMatching(/^\+0\.003 +\|<- 180 Ringing \(INVITE\) --\| +\|$/),
      expect.stringMatching(/^\+2\.000 +\|-- CANCEL sip:1001@127\.0\.0\.1 -->\| +\|$/),
      '             Reason: SIP;cause=200',
    ]);
  });

  it('is as wide in every line', () => {
    const lines = ladder(missedCall()).filter((line) => line.includes('|'));
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
  });

  it('says that there is a session description', () => {
    const text = ladder([message(1, 'received', 5070, 'INVITE sip:x SIP/2.0', ['Content-Type: application/sdp'])]);
    expect(text.join('\n')).toContain('INVITE sip:x SDP');
  });

  it('never moves a terminal’s cursor', () => {
    const text = ladder([
      message(1, 'received', 5070, 'INVITE sip:\u001b[2Jx SIP/2.0', ['Reason: \u001b]0;owned\u0007']),
    ]);
    // eslint-disable-next-line no-control-regex
    expect(text.join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  });

  it('of nothing is nothing', () => {
    expect(ladder([])).toEqual([]);
  });
});

describe('the pcap file', () => {
  it('is one that tcpdump’s library would take: magic, raw link type, a record a message', () => {
    const bytes = pcap(missedCall(1_500));
    expect(bytes.readUInt32LE(0)).toBe(0xa1b2c3d4);
    expect(bytes.readUInt32LE(20)).toBe(101);
    expect([bytes.readUInt32LE(24), bytes.readUInt32LE(28)]).toEqual([1, 500_000]);
    let records = 0;
    for (let at = 24; at < bytes.length; at += 16 + bytes.readUInt32LE(at + 8)) records += 1;
    expect(records).toBe(5);
  });

  it('has packets whose header sums are right, from whom to whom', () => {
    const packet = pcap(missedCall()).subarray(40);
    let sum = 0;
    for (let at = 0; at < 20; at += 2) sum += packet.readUInt16BE(at);
    expect((sum & 0xffff) + (sum >>> 16)).toBe(0xffff);
    expect([packet.readUInt16BE(20), packet.readUInt16BE(22)]).toEqual([5070, 5060]);
    expect([...packet.subarray(12, 20)]).toEqual([127, 0, 0, 1, 127, 0, 0, 1]);
  });

  it('writes IPv6, also in short, and IPv4 as mapped beside it', () => {
    const remote = { address: 'fe80::1:2%eth0', port: 5060 };
    const packet = pcap([{ ...message(1, 'sent', 5090, 'X'), remote }]).subarray(40);
    expect(packet.readUInt8(0)).toBe(0x60);
    expect(packet.subarray(8, 24).toString('hex')).toBe('00000000000000000000ffff7f000001');
    expect(packet.subarray(24, 40).toString('hex')).toBe('fe800000000000000000000000010002');
  });

  it('cuts what no datagram holds, and says how long it was', () => {
    const bytes = pcap([{ ...message(1, 'sent', 5090, 'X'), text: 'x'.repeat(70_000) }]);
    expect(bytes.readUInt32LE(24 + 8)).toBe(65_535);
    expect(bytes.readUInt32LE(24 + 12)).toBe(70_028);
  });

  it('is read by tcpdump where it is installed', async ({ skip }) => {
    const folder = await mkdtemp(join(tmpdir(), 'pcap-'));
    try {
      const file = join(folder, 'call.pcap');
      await writeFile(file, pcap(missedCall()));
      const read = await promisify(execFile)('tcpdump', ['-nn', '-r', file]).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null;
        throw error;
      });
      if (read === null) skip('tcpdump is not installed: apt-get install tcpdump');
      else expect(read.stdout.match(/127\.0\.0\.1\.5070 > 127\.0\.0\.1\.5060: SIP: INVITE/g)).toHaveLength(1);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
