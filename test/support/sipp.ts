import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.ts';

/**
 * sipp as caller and callee. A scenario is a list of steps in sipp's own XML, written by the functions below so that a test
 * reads like the call it makes.
 */
export type Step = string;

const SDP = `v=0
o=sipp 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000`;

const DIALOG = `[last_Via:]
[last_From:]
[last_To:];tag=[pid]SIPpTag01[call_number]
[last_Call-ID:]
[last_CSeq:]`;

export function invite({ to = '1001', from = '+33199001234', extra = '' } = {}): Step {
  return send(
    `INVITE sip:${to}@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: "Jean Dupont" <sip:${from}@[local_ip]:[local_port]>;tag=[pid]SIPpTag00[call_number]
To: <sip:${to}@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:caller@[local_ip]:[local_port];transport=[transport]>
Max-Forwards: 70
${extra}Content-Type: application/sdp
Content-Length: [len]

${SDP}`,
    'retrans="500"',
  );
}

/** A request of the caller within its INVITE's transaction (CANCEL, ACK to a failure) or dialog (ACK, BYE). */
export function callerSends(
  method: 'ACK' | 'CANCEL' | 'BYE' | 'ACK-FAILURE',
  { to = '1001', from = '+33199001234', extra = '' } = {},
): Step {
  const verb = method === 'ACK-FAILURE' ? 'ACK' : method;
  const sameTransaction = method === 'CANCEL' || method === 'ACK-FAILURE';
  const target = sameTransaction ? `sip:${to}@[remote_ip]:[remote_port]` : '[next_url]';
  const remote = method === 'CANCEL' ? '' : '[peer_tag_param]';
  return send(
    `${verb} ${target} SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=${sameTransaction ? '[branch-@INVITE@]' : '[branch]'}
From: "Jean Dupont" <sip:${from}@[local_ip]:[local_port]>;tag=[pid]SIPpTag00[call_number]
To: <sip:${to}@[remote_ip]:[remote_port]>${remote}
${sameTransaction ? '' : '[routes]\n'}Call-ID: [call_id]
CSeq: ${method === 'BYE' ? 2 : 1} ${verb}
Max-Forwards: 70
${extra}Content-Length: 0
`,
    method === 'ACK' || method === 'ACK-FAILURE' ? '' : 'retrans="500"',
  );
}

/** A response of the callee to what it received last. */
export function reply(status: number, phrase: string, { sdp = false, extra = '' } = {}): Step {
  const body = sdp ? `Content-Type: application/sdp\nContent-Length: [len]\n\n${SDP}` : 'Content-Length: 0\n';
  return send(
    `SIP/2.0 ${status} ${phrase}\n${DIALOG}\nContact: <sip:callee@[local_ip]:[local_port];transport=[transport]>\n${extra}${body}`,
    status >= 200 && sdp ? 'retrans="500"' : '',
  );
}

/** The 487 to an INVITE whose CANCEL was received last. */
export function terminated(): Step {
  return send(
    `SIP/2.0 487 Request Terminated
[last_Via:]
[last_From:]
[last_To:];tag=[pid]SIPpTag01[call_number]
[last_Call-ID:]
CSeq: 1 INVITE
Content-Length: 0
`,
    'retrans="500"',
  );
}

/** The answer to a request inside the dialog. */
export function ok(): Step {
  return send(`SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0
`);
}

/** The callee hangs up. */
export function calleeBye(): Step {
  return send(
    `BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: [$local];tag=[pid]SIPpTag01[call_number]
To: [$remote]
Call-ID: [call_id]
CSeq: 1 BYE
Max-Forwards: 70
Content-Length: 0
`,
    'retrans="500"',
  );
}

/** Receives an INVITE; `forBye` keeps what a later BYE of the callee needs (sipp refuses variables that nobody reads). */
export function receiveInvite({ forBye = false } = {}): Step {
  if (!forBye) return receive('INVITE');
  return `<recv request="INVITE" rrs="true"><action>
<ereg regexp=".*" search_in="hdr" header="From:" assign_to="remote"/>
<ereg regexp=".*" search_in="hdr" header="To:" assign_to="local"/>
</action></recv>`;
}

export function receive(request: string): Step {
  return `<recv request="${request}"${request === 'INVITE' ? ' rrs="true"' : ''}/>`;
}

export function expectStatus(status: number, options: { optional?: boolean } = {}): Step {
  return `<recv response="${status}"${options.optional === true ? ' optional="true"' : ''}/>`;
}

/** The 200 to the INVITE, whose Contact and Record-Route the rest of the call needs. */
export function expectAnswer(): Step {
  return '<recv response="200" rrs="true"/>';
}

export function pause(milliseconds: number): Step {
  return `<pause milliseconds="${milliseconds}"/>`;
}

function send(text: string, attributes = ''): Step {
  return `<send ${attributes}><![CDATA[\n${text}\n]]></send>`;
}

export interface SippRun {
  readonly port: number;
  /** Ends with sipp's exit code and what it complained of. */
  readonly done: Promise<{ readonly code: number; readonly errors: string }>;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

export interface SippOptions {
  readonly steps?: readonly Step[];
  /** A whole scenario, in place of steps. */
  readonly xml?: string;
  /** `host:port` for a caller; absent for a callee. */
  readonly target?: string;
  readonly calls?: number;
  readonly rate?: number;
  readonly transport?: 'u1' | 't1' | 'tn';
  readonly address?: string;
  readonly timeoutSeconds?: number;
  readonly port?: number;
  readonly extra?: readonly string[];
  /** What it is started by, before its own name: `ip netns exec far`. */
  readonly within?: readonly string[];
}

/** Numbers the INVITE so that CANCEL and ACK can repeat its branch: sipp counts the messages of a scenario. */
function numbered(steps: readonly Step[]): string {
  const position = steps.findIndex((step) => step.includes('INVITE sip:'));
  return steps.map((step, index) => step.replaceAll('@INVITE@', String(index - position))).join('\n');
}

/** Starts sipp; a callee runs until it is stopped, a caller until its calls are made. */
export async function sipp(options: SippOptions): Promise<SippRun> {
  const folder = await mkdtemp(join(tmpdir(), 'sipp-'));
  const file = join(folder, 'scenario.xml');
  const address = options.address ?? '127.0.0.1';
  const port = options.port ?? (await freePort(address));
  const xml = `<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="test">\n${numbered(options.steps ?? [])}\n</scenario>\n`;
  await writeFile(file, options.xml ?? xml);
  const errorFile = join(folder, 'errors.log');
  const argv =
    `-sf ${file} -i ${address} -p ${port} -t ${options.transport ?? 'u1'} -nostdin -trace_err -error_file ${errorFile} -timeout ${options.timeoutSeconds ?? 60}s -timeout_error`.split(
      ' ',
    );
  if (options.target !== undefined) {
    argv.push(options.target, '-m', String(options.calls ?? 1), '-r', String(options.rate ?? 10), '-l', '1000');
  }
  argv.push(...(options.extra ?? []));
  const [program, ...before] = [...(options.within ?? []), 'sipp'];
  const child = spawn(program, [...before, ...argv], { cwd: folder, stdio: 'ignore' });
  const done = once(child, 'exit').then(async ([code]) => {
    const errors = await readFile(errorFile, 'latin1').catch(() => '');
    await rm(folder, { recursive: true, force: true });
    return { code: (code as number | null) ?? -1, errors };
  });
  if (options.target === undefined && options.within === undefined)
    await listening(address, port, options.transport ?? 'u1');
  return {
    port,
    done,
    process: child,
    stop: async () => {
      child.kill('SIGKILL');
      await done;
    },
  };
}

/** Waits until sipp has its socket, as the kernel lists it. */
async function listening(address: string, port: number, transport: string): Promise<void> {
  const family = address.includes(':') ? '6' : '';
  const table = `/proc/net/${transport === 'u1' ? 'udp' : 'tcp'}${family}`;
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  for (let tries = 0; tries < 500; tries += 1) {
    if ((await readFile(table, 'latin1')).includes(suffix)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`sipp did not listen on ${address}:${port}`);
}
