import { defineConfig, type OxlintConfig } from 'oxlint';
import { bigDependencies, rooms, WEB } from './test/support/rooms.ts';

/** What every file of one room may not import: other rooms' insides, rooms it has no leave for, other rooms' big dependencies. */
function restrictions(room: string): { group: string[]; message: string }[] {
  const allowed = rooms[room]?.imports ?? [];
  const others = Object.keys(rooms).filter((other) => other !== room);
  const patterns: { group: string[]; message: string }[] = [];
  for (const other of others) {
    if (allowed.includes(other)) {
      patterns.push({
        group: [`**/${other}/**`, `!**/${other}/index.ts`, `!**/sip-config/**`],
        message: `Enter ${other}/ by its door, ${other}/index.ts.`,
      });
    } else {
      patterns.push({
        group: [`../${other}`, `../${other}/**`, `../../${other}/**`],
        message: `${room}/ may not import ${other}/ (test/support/rooms.ts has the table).`,
      });
    }
  }
  return [...patterns, ...foreignDependencies(room)];
}

function foreignDependencies(room: string): { group: string[]; message: string }[] {
  return Object.entries(bigDependencies)
    .filter(([, owners]) => !owners.includes(room))
    .map(([dependency, owners]) => ({
      group: [dependency, `${dependency}/**`],
      message: `${dependency} is imported in ${owners.join(' and ')}/ only.`,
    }));
}

type Rules = NonNullable<OxlintConfig['rules']>;

const strictest: Rules = {
  'no-console': 'error',
  'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
  'import/no-cycle': ['error', { ignoreTypes: false }],
  'typescript/no-floating-promises': 'error',
  'typescript/no-misused-promises': 'error',
  'typescript/await-thenable': 'error',
  'typescript/no-explicit-any': 'error',
  'typescript/no-non-null-assertion': 'error',
  'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  'typescript/consistent-type-imports': 'error',
  'typescript/no-unnecessary-type-assertion': 'error',
  'unicorn/prefer-node-protocol': 'error',
  eqeqeq: 'error',
  'no-var': 'error',
  'prefer-const': 'error',
};

const testRules: Rules = {
  'no-restricted-exports': 'off',
  'typescript/no-non-null-assertion': 'off',
  'unicorn/consistent-function-scoping': 'off',
};

function roomRules(room: string): { files: string[]; rules: Rules } {
  const rules: Rules = {
    'no-restricted-imports': ['error', { patterns: restrictions(room) }],
    'no-restricted-globals': ['error', { name: 'process', message: 'Only src/main.ts touches process.' }],
  };
  return { files: [`src/${room}/**/*.ts`], rules };
}

/** The pages run in a browser: of the program they have the contract's types, and nothing else. */
const webRules = {
  files: [`src/${WEB}/**/*.ts`, `src/${WEB}/**/*.tsx`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          ...foreignDependencies(WEB),
          { group: ['node:*', 'node:*/**'], message: 'The pages run in a browser.' },
          {
            group: Object.keys(rooms).map((room) => `**/${room}/**`),
            message: `${WEB}/ may not import a room (test/support/rooms.ts).`,
          },
          {
            group: ['**/contract.ts'],
            allowTypeImports: true,
            message: `${WEB}/ takes the contract's types alone: import type.`,
          },
        ],
      },
    ],
  } as Rules,
};

export default defineConfig({
  plugins: ['typescript', 'import', 'unicorn', 'promise'],
  categories: { correctness: 'error', suspicious: 'error' },
  rules: {
    ...strictest,
    'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: 'Randomness is passed in.' }],
    'unicorn/no-array-sort': 'off',
    'no-shadow': 'off',
    // It is about windows; here messages go to threads.
    'unicorn/require-post-message-target-origin': 'off',
    'promise/always-return': 'off',
    // fast-check's own way of writing: `fc.property`.
    'import/no-named-as-default-member': 'off',
    // TypeScript's noImplicitReturns says the same and knows exhaustive switches.
    'typescript/consistent-return': 'off',
    'typescript/no-unsafe-type-assertion': 'off',
  },
  overrides: [
    ...Object.keys(rooms).map(roomRules),
    webRules,
    { files: ['test/**/*.ts', '*.config.ts'], rules: testRules },
    // It builds the pages, and is none of them.
    { files: [`src/${WEB}/vite.config.ts`], rules: { 'no-restricted-imports': 'off' } },
  ],
});
