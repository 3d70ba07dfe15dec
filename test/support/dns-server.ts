import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** A record as it is written in a zone; `ttlS` is 60 where nothing is said. */
export type DnsRecord =
  | { readonly type: 'A' | 'AAAA'; readonly address: string; readonly ttlS?: number }
  | {
      readonly type: 'SRV';
      readonly name: string;
      readonly port: number;
      readonly priority: number;
      readonly weight: number;
      readonly ttlS?: number;
    }
  | {
      readonly type: 'NAPTR';
      readonly order: number;
      readonly preference: number;
      readonly flags: string;
      readonly service: string;
      readonly replacement: string;
      readonly ttlS?: number;
    };

/** `silent`: a name that gets no answer; `failed`: one that gets SERVFAIL. Others that are not here do not exist. */
export type DnsZone = Readonly<Record<string, readonly DnsRecord[] | 'silent' | 'failed'>>;

export interface DnsServer {
  /** For `Resolver.setServers`. */
  readonly address: string;
  /** `A host.example`, in the order asked. */
  readonly asked: string[];
  zone: DnsZone;
  close(): void;
}

const TYPES = { A: 1, AAAA: 28, SRV: 33, NAPTR: 35 } as const;
const HEADER_BYTES = 12;
const NAME_OF_QUESTION = 0xc00c;
const [NO_ERROR, SERVER_FAILURE, NAME_ERROR] = [0, 2, 3];

/** A name server on loopback (RFC 1035), over UDP, that knows one zone. */
export async function startDnsServer(zone: DnsZone): Promise<DnsServer> {
  const socket = createSocket('udp4');
  const asked: string[] = [];
  const server = { address: '', asked, zone, close: () => void socket.close() };
  socket.on('message', (query, remote) => {
    const { name, type, end } = readQuestion(query);
    const kind = Object.entries(TYPES).find(([, number]) => number === type)?.[0] ?? String(type);
    asked.push(`${kind} ${name}`);
    const found = server.zone[name];
    if (found === 'silent') return;
    const records = found === undefined || found === 'failed' ? [] : found.filter((record) => record.type === kind);
    const code = found === undefined ? NAME_ERROR : found === 'failed' ? SERVER_FAILURE : NO_ERROR;
    socket.send(answerOf(query.subarray(0, end), records, code), remote.port, remote.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  server.address = `127.0.0.1:${socket.address().port}`;
  return server;
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let offset = HEADER_BYTES;
  for (let length = query.readUInt8(offset); length > 0; length = query.readUInt8(offset)) {
    labels.push(query.toString('latin1', offset + 1, offset + 1 + length));
    offset += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(offset + 1), end: offset + 5 };
}

function answerOf(question: Buffer, records: readonly DnsRecord[], code: number): Buffer {
  const header = Buffer.from(question.subarray(0, HEADER_BYTES));
  // A response, authoritative, recursion available.
  header.writeUInt16BE(0x8580 | code, 2);
  for (const [index, count] of [1, records.length, 0, 0].entries()) header.writeUInt16BE(count, 4 + 2 * index);
  return Buffer.concat([header, question.subarray(HEADER_BYTES), ...records.map(written)]);
}

function written(record: DnsRecord): Buffer {
  const data = dataOf(record);
  const { ttlS = 60 } = record;
  return Buffer.concat([
    shorts(NAME_OF_QUESTION, TYPES[record.type], 1, ttlS >>> 16, ttlS & 0xffff, data.length),
    data,
  ]);
}

function dataOf(record: DnsRecord): Buffer {
  switch (record.type) {
    case 'A':
      return Buffer.from(record.address.split('.').map(Number));
    case 'AAAA': {
      const [head = '', tail = ''] = record.address.split('::');
      const [before, after] = [head, tail].map((part) => part.split(':').filter(Boolean));
      const zeros = Array.from({ length: 8 - before!.length - after!.length }, () => '0');
      return shorts(...[...before!, ...zeros, ...after!].map((group) => Number.parseInt(group, 16)));
    }
    case 'SRV':
      return Buffer.concat([shorts(record.priority, record.weight, record.port), encodeName(record.name)]);
    case 'NAPTR': {
      const texts = [record.flags, record.service, ''].map(encodeText);
      return Buffer.concat([shorts(record.order, record.preference), ...texts, encodeName(record.replacement)]);
    }
  }
}

function shorts(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, 2 * index);
  return bytes;
}

function encodeText(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')]);
}

function encodeName(name: string): Buffer {
  return Buffer.concat([...name.split('.').filter(Boolean).map(encodeText), Buffer.from([0])]);
}
