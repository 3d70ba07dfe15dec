import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bigDependencies, rooms, WEB } from './support/rooms.ts';

/** A copy of the house with nothing in its rooms but what the tests plant. */
let house: string;
let complaints: Map<string, string>;

const planted: { file: string; text: string; refused: boolean }[] = [];
const names = Object.keys(rooms);

for (const room of names) {
  for (const other of names.filter((name) => name !== room)) {
    const allowed = rooms[room]!.imports.includes(other);
    plant(room, `enters-${other}`, `import * as door from '../${other}/index.ts';\nexport { door };\n`, !allowed);
    plant(room, `digs-into-${other}`, `import * as inside from '../${other}/inside.ts';\nexport { inside };\n`, true);
    plant(
      room,
      `deep/enters-${other}`,
      `import * as door from '../../${other}/index.ts';\nexport { door };\n`,
      !allowed,
    );
  }
  for (const [dependency, owners] of Object.entries(bigDependencies)) {
    const file = `uses-${dependency.replaceAll(/\W/g, '-')}`;
    plant(room, file, `import * as dependency from '${dependency}';\nexport { dependency };\n`, !owners.includes(room));
  }
  plant(room, 'touches-process', 'export const folder = process.cwd();\n', true);
}
for (const room of names) {
  plant(WEB, `pages/enters-${room}`, `import * as door from '../../../${room}/index.ts';\nexport { door };\n`, true);
}
for (const [dependency, owners] of Object.entries(bigDependencies)) {
  const file = `uses-${dependency.replaceAll(/\W/g, '-')}`;
  plant(WEB, file, `import * as dependency from '${dependency}';\nexport { dependency };\n`, !owners.includes(WEB));
}
plant(WEB, 'api/runs-the-contract', "import { door } from '../../contract.ts';\nexport const here = door;\n", true);
plant(WEB, 'api/knows-the-contract', "export type * from '../../contract.ts';\n", false);
plant(WEB, 'reads-files', "import { readFile } from 'node:fs/promises';\nexport const read = readFile;\n", true);
plant('call', 'cycle-a', "import { b } from './cycle-b.ts';\nexport const a = (): unknown => b;\n", true);
plant('call', 'cycle-b', "import { a } from './cycle-a.ts';\nexport const b = (): unknown => a;\n", true);
plant('call', 'rolls-dice', 'export const dice = Math.random();\n', true);
plant('call', 'talks', "console.log('hello');\n", true);
plant('call', 'exports-default', 'export default 1;\n', true);

function plant(room: string, name: string, text: string, refused: boolean): void {
  planted.push({ file: `src/${room}/${name}.ts`, text, refused });
}

beforeAll(async () => {
  house = await mkdtemp(join(tmpdir(), 'house-'));
  await mkdir(join(house, 'test/support'), { recursive: true });
  await cp('oxlint.config.ts', join(house, 'oxlint.config.ts'));
  await cp('tsconfig.json', join(house, 'tsconfig.json'));
  await cp('test/support/rooms.ts', join(house, 'test/support/rooms.ts'));
  await cp('package.json', join(house, 'package.json'));
  await symlink(join(process.cwd(), 'node_modules'), join(house, 'node_modules'));
  const doors = names.flatMap((room) => [
    { file: `src/${room}/index.ts`, text: 'export const door = 1;\n' },
    { file: `src/${room}/inside.ts`, text: 'export const inside = 1;\n' },
  ]);
  for (const { file, text } of [...doors, ...planted]) {
    await mkdir(dirname(join(house, file)), { recursive: true });
    await writeFile(join(house, file), text);
  }
  complaints = await lint(house);
}, 60_000);

afterAll(async () => {
  await rm(house, { recursive: true });
});

/** What oxlint says of the copy: file -> messages. */
async function lint(folder: string): Promise<Map<string, string>> {
  const run = promisify(execFile);
  const { stdout } = await run('node_modules/.bin/oxlint', ['--format=json', 'src'], {
    cwd: folder,
    maxBuffer: 64 << 20,
  }).catch((error: { stdout: string }) => error);
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { filename: string; message: string; help?: string }[] };
  const said = new Map<string, string>();
  for (const { filename, message, help } of diagnostics) {
    said.set(filename, `${said.get(filename) ?? ''}${message} ${help ?? ''}\n`);
  }
  return said;
}

describe('the borders of the house', () => {
  it('each planted violation is refused, and each allowed import passes', () => {
    const wrong = planted.filter(({ file, refused }) => complaints.has(file) !== refused).map(({ file }) => file);
    expect(wrong).toEqual([]);
  });

  it('the complaint says which door to take', () => {
    expect(complaints.get('src/gateway/digs-into-call.ts')).toContain('Enter call/ by its door');
    expect(complaints.get('src/gateway/enters-sip.ts')).toContain('gateway/ may not import sip/');
    expect(complaints.get('src/ledger/uses-nodemailer.ts')).toContain('imported in notification/ only');
  });

  it('the doors and insides themselves are clean', () => {
    expect([...complaints.keys()].filter((file) => /\/(index|inside)\.ts$/.test(file))).toEqual([]);
  });
});
