import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIP } from 'node:net';
import { makeRtp, parseRtp, type RtpPacket } from './rtp.ts';

/** Streams that one port carries at once. */
export const MAX_STREAMS = 1_000;

export interface RtpStream {
  /** Sends to the other side, once it is known where that is. */
  send(packet: RtpPacket, marker: boolean): void;
  close(): void;
}

export interface Remote {
  readonly address: string;
  readonly port: number;
}

/** One UDP port for the audio of many calls, told apart by where it comes from. */
export interface RtpPort {
  readonly port: number;
  /**
   * @param remote where the other side said that it is; null: wherever the first stray packet comes from
   * @returns null where there are MAX_STREAMS already
   */
  open(remote: Remote | null, received: (packet: RtpPacket) => void): RtpStream | null;
  close(): Promise<void>;
}

interface Stream {
  remote: Remote | null;
  readonly received: (packet: RtpPacket) => void;
}

export async function openRtpPort(address: string): Promise<RtpPort> {
  const socket = createSocket({ type: isIP(address) === 6 ? 'udp6' : 'udp4' });
  socket.on('error', () => undefined);
  socket.bind(0, address);
  await once(socket, 'listening');
  return new SharedPort(socket);
}

class SharedPort implements RtpPort {
  readonly port: number;
  readonly #socket: Socket;
  readonly #streams = new Set<Stream>();
  readonly #byRemote = new Map<string, Stream>();

  constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on('message', (bytes, { address, port }) => {
      const packet = parseRtp(bytes);
      if (packet !== null) this.#streamOf({ address, port })?.received(packet);
    });
  }

  open(remote: Remote | null, received: (packet: RtpPacket) => void): RtpStream | null {
    if (this.#streams.size >= MAX_STREAMS) return null;
    const stream: Stream = { remote, received };
    this.#streams.add(stream);
    if (remote !== null) this.#byRemote.set(keyOf(remote), stream);
    return {
      send: (packet, marker) => {
        if (stream.remote === null) return;
        const { address, port } = stream.remote;
        // What cannot be sent is lost, as audio may be.
        this.#socket.send(makeRtp(packet, marker), port, address, () => undefined);
      },
      close: () => {
        this.#streams.delete(stream);
        if (stream.remote !== null) this.#byRemote.delete(keyOf(stream.remote));
      },
    };
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#socket.close(() => resolve());
    });
  }

  /** Phones behind a NAT send from elsewhere than they say: a stream takes what comes from its address and is nobody's. */
  #streamOf(from: Remote): Stream | undefined {
    const known = this.#byRemote.get(keyOf(from));
    if (known !== undefined) return known;
    const stream = [...this.#streams].find(({ remote }) => remote === null || remote.address === from.address);
    if (stream === undefined) return undefined;
    if (stream.remote !== null) this.#byRemote.delete(keyOf(stream.remote));
    stream.remote = from;
    this.#byRemote.set(keyOf(from), stream);
    return stream;
  }
}

function keyOf({ address, port }: Remote): string {
  return `${address} ${port}`;
}
