import { describe, expect, it } from 'vitest';
import { configFlag } from '../../src/cli/config.ts';
import type { Terminal } from '../../src/cli/index.ts';

describe('the option that a printed command needs', () => {
  const terminal = { cwd: '/opt/mcg' } as Terminal;
  it.each([
    ['/opt/mcg/sip-config/gateway.yaml', ''],
    ['/opt/mcg/sip-config/examples/front/gateway.yaml', ' --config sip-config/examples/front/gateway.yaml'],
    ['/etc/mcg/gateway.yaml', ' --config /etc/mcg/gateway.yaml'],
    ["/etc/my gateway's.yaml", String.raw` --config '/etc/my gateway'\''s.yaml'`],
  ])('for %s: %j', (path, flag) => {
    expect(configFlag(terminal, path)).toBe(flag);
  });
});
