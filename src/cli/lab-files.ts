import { ha1 } from '../digest/index.ts';
import type { LabAccount } from '../lab/index.ts';

/** The files of a new lab. Its owner may change them: only what is missing is written. */

export const LAB_REALM = 'lab.example.com';
export const VOICEMAIL_NUMBER = '5000';
/**
 * An address of its own on loopback (all of 127.0.0.0/8 is this machine's): so that the voicemail is a peer, and phones on this
 * machine are not.
 */
export const VOICEMAIL_ADDRESS = '127.0.0.2';

export const LAB_USERS: readonly Omit<LabAccount, 'password'>[] = [
  { number: '1001', displayName: 'Alice Martin' },
  { number: '1002', displayName: 'Bob Taylor' },
  { number: '1003', displayName: 'Chloé Dubois' },
];

export const LAB_SIP_PORT = 5060;
export const LAB_WEB_PORT = 8088;

export interface LabPorts {
  readonly host: string;
  readonly sipPort: number;
  /** Of the page. The admin listener is one above, and WebSockets two: not beside `sipPort`, as browsers refuse to connect to 5061. */
  readonly webPort: number;
}

export function gatewayYaml({ host, sipPort, webPort }: LabPorts): string {
  const shown = host.includes(':') ? `[${host}]` : host;
  // The voicemail is on loopback: where phones are elsewhere, the gateway listens there besides.
  const hosts = host === '127.0.0.1' ? [shown] : ['127.0.0.1', shown];
  const listen = hosts.flatMap((each) => [`udp://${each}:${sipPort}`, `tcp://${each}:${sipPort}`]);
  return `# The lab's gateway: change it, stop the lab and start it again. sip-config/gateway.yaml explains every key.
node: lab
sip:
  listen: [${[...listen, `ws://${shown}:${webPort + 2}`].map((each) => JSON.stringify(each)).join(', ')}]
peers:
  - { name: voicemail, allow: [${VOICEMAIL_ADDRESS}] }
registrar: { realm: ${LAB_REALM}, phones: phones.yaml, dialPlan: Lab }
routing:
  ringTimeout: 15s
voicemail:
  target: sip:${VOICEMAIL_NUMBER}@${VOICEMAIL_ADDRESS}:${sipPort}
  greeting: 4s
  minimumMessage: 1s
  settle: 5s
policy: policy.yaml
journal: sqlite:gateway.db
trace: { path: trace, maxSize: 64MB }
notification:
  transport: maildir:mail
  from: Missed calls <missed-calls@${LAB_REALM}>
admin:
  listen: http://127.0.0.1:${webPort + 1}
`;
}

export function policyYaml(): string {
  const mailboxes = LAB_USERS.map(({ number, displayName }) => {
    const name = displayName.split(' ')[0]?.toLowerCase().normalize('NFD').replaceAll(/\p{M}/gu, '') ?? number;
    return `  - { identity: ${name}, displayName: ${displayName}, emailAddress: ${name}@${LAB_REALM}, extensions: ["${number}"], mailboxPolicy: Lab Default Policy }`;
  });
  return `# Who is mailed about missed calls in the lab; a saved change holds within a second.
dialPlans:
  - { name: Lab, numberOfDigitsInExtension: 4, defaultLanguage: en-US, timeZone: UTC }
mailboxPolicies:
  - { name: Lab Default Policy, dialPlan: Lab, allowMissedCallNotifications: true }
mailboxes:
${mailboxes.join('\n')}
groups:
  - { identity: everybody, dialPlan: Lab, extensions: ["1100"], members: [alice, bob, chloe], notify: all }
`;
}

export function phonesYaml(accounts: readonly LabAccount[]): string {
  const users = accounts.map(
    ({ number, password }) =>
      `  - { username: "${number}", ha1: { md5: "${ha1('MD5', number, LAB_REALM, password)}" } } # ${password}`,
  );
  return `# Phones that may register; \`mcg phone-secret --md5\` makes such entries. MD5 alone: a lab takes old phones too, and baresip 1.0 fails where it
# is offered SHA-256 beside it. A lab has its passwords in the open, as comments.
users:
${users.join('\n')}
`;
}
