import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ladder, pcap } from '../../src/trace/index.ts';
import { summaryOf } from '../../src/trace/message.ts';
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
      '          Reason: SIP;cause=200',
    ]);
  });

  it('is as wide in every line', () => {
    const lines = ladder(missedCall()).filter((line) => line.includes('|'));
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
  });

  describe.each([80, 120])('at %i columns', (width) => {
    const invite = 'INVITE sip:+33140001001@gateway.example.com:5060;user=phone;transport=udp SIP/2.0';
    const sdp = ['Content-Type: application/sdp'];
    const at = (address: string, port: number, each: ReturnType<typeof message>) => ({
      ...each,
      remote: { address, port },
    });
    const call = [
      at('198.51.100.101', 50_601, message(0, 'received', 0, invite, sdp)),
      at('203.0.113.100', 5_060, message(9_999, 'received', 0, 'SIP/2.0 183 Session Progress', sdp)),
      at('203.0.113.100', 5_060, message(20_000, 'received', 0, 'SIP/2.0 480 Temporarily Unavailable')),
    ];

    it('three parties fit, with their addresses and what a message is', () => {
      const lines = ladder(call, width);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
      expect(lines[0]?.trim().split(/\s+/)).toEqual(['198.51.100.101:50601', 'gateway', '203.0.113.100:5060']);
      const told = lines.join('\n');
      expect(told).toMatch(/-- INVITE (sip:)?\+33140001001(@gateway\.example\.com:5060)? SDP -/);
      expect(told).toMatch(/<- 183 Session Progress( \(INVITE\))? SDP -/);
      expect(told).toMatch(/<- 480 Temporarily Unavailable( \(INVITE\))? -/);
    });

    it('a fourth party fits too; a name that is too long for its column stands a line lower', () => {
      const long = '2001:db8:10:20::5054:ff';
      const more = [...call, at(long, 5_060, message(20_001, 'sent', 0, invite)), at('192.0.2.1', 5_060, call[1]!)];
      const lines = ladder(more, width + 20);
      const names = lines
        .slice(
          0,
          lines.findIndex((line) => line.includes('|')),
        )
        .map((line) => line.trim().split(/\s+/));
      expect(names.flat().toSorted()).toEqual(
        ['198.51.100.101:50601', 'gateway', '203.0.113.100:5060', `[${long}]:5060`, '192.0.2.1:5060'].toSorted(),
      );
      expect(Math.max(...lines.filter((line) => line.includes('|')).map((line) => line.length))).toBeLessThanOrEqual(
        width + 20,
      );
    });
  });

  it.each([
    [60, 'INVITE sip:1001@192.0.2.1:5060;transport=tcp SDP'],
    [40, 'INVITE sip:1001@192.0.2.1:5060 SDP'],
    [30, 'INVITE 1001 SDP'],
    [14, 'INVITE SDP'],
  ])('of a request %i characters tell: %s', (room, summary) => {
    const text = message(1, 'sent', 0, 'INVITE sip:1001@192.0.2.1:5060;transport=tcp SIP/2.0', [
      'c: application/sdp',
    ]).text;
    expect(summaryOf(text, room)).toBe(summary);
  });

  it.each([
    ['SIP/2.0 481 Call/Transaction Does Not Exist', 'CANCEL', 50, '481 Call/Transaction Does Not Exist (CANCEL)'],
    ['SIP/2.0 481 Call/Transaction Does Not Exist', 'CANCEL', 30, '481 Call/Transaction… (CANCEL)'],
    ['SIP/2.0 481 Call/Transaction Does Not Exist', 'CANCEL', 14, '481 (CANCEL)'],
    ['SIP/2.0 200 OK', 'BYE', 14, '200 OK (BYE)'],
    ['SIP/2.0 180 Ringing', 'INVITE', 30, '180 Ringing (INVITE)'],
    ['SIP/2.0 180 Ringing', 'INVITE', 14, '180 Ringing'],
    ['SIP/2.0 480 Temporarily Unavailable', 'INVITE', 14, '480 Temporari…'],
  ])('of the response %s to %s %i characters tell: %s', (first, method, room, summary) => {
    const text = message(1, 'sent', 0, first).text.replace('CSeq: 1 INVITE', `CSeq: 1 ${method}`);
    expect(summaryOf(text, room)).toBe(summary);
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
