import { parse } from 'yaml';
import { expect, it } from 'vitest';
import { gatewayYaml, LAB_SIP_PORT, LAB_WEB_PORT } from '../../src/cli/lab-files.ts';

/** Ports above 1023 that browsers never connect to (https://fetch.spec.whatwg.org/#port-blocking). */
const BLOCKED = [
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

it('no port of the lab as it starts by default is one that browsers refuse to connect to', () => {
  const lab = parse(gatewayYaml({ host: '127.0.0.1', sipPort: LAB_SIP_PORT, webPort: LAB_WEB_PORT }));
  const webSocket = lab.sip.listen.find((each: string) => each.startsWith('ws:'));
  const ports = [webSocket, lab.admin.listen].map((each) => Number(/\d+$/.exec(each)?.[0]));
  expect(ports).toEqual([LAB_WEB_PORT + 2, LAB_WEB_PORT + 1]);
  expect([LAB_WEB_PORT, ...ports].filter((port) => BLOCKED.includes(port))).toEqual([]);
});
