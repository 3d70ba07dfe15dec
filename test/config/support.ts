import { expect } from 'vitest';
import type { GatewayConfig } from '../../src/config/index.ts';
import { readConfig } from '../../src/config/load.ts';
import { problemLines } from '../../src/yamlfile/index.ts';

/** Sections of gateway.yaml by their names, as YAML. */
export type Sections = Readonly<Record<string, string>>;

/** The least that a file must say; a section that is given takes the place of this one's. */
const least: Sections = {
  peers: '[{ name: pbx, allow: [192.0.2.10] }]',
  routing: '{ nextHop: [sip:192.0.2.20] }',
  policy: 'policy.yaml',
  journal: 'sqlite:gateway.db',
  notification: '{ transport: maildir:mail, from: gw@example.com }',
};

export interface Reader {
  readonly config: (sections?: Sections) => GatewayConfig;
  /** `path: message`; every one of them has a remedy. */
  readonly mistakes: (sections: Sections) => string[];
}

/** @param path where gateway.yaml would stand, for the files that it names */
export function readerAt(path: string): Reader {
  const read = (sections: Sections) =>
    readConfig(
      Object.entries({ ...least, ...sections })
        .map(([key, value]) => `${key}: ${value}\n`)
        .join(''),
      path,
      {},
    );
  return {
    config(sections = {}) {
      const reading = read(sections);
      if (!reading.ok) throw new Error(problemLines(path, reading.problems).join('\n'));
      return reading.config;
    },
    mistakes(sections) {
      const reading = read(sections);
      if (reading.ok) return [];
      expect(reading.problems.filter(({ remedy }) => remedy === '')).toEqual([]);
      return reading.problems.map((problem) => `${problem.path}: ${problem.message}`);
    },
  };
}
