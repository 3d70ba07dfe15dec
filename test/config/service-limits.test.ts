import { expect, it } from 'vitest';
import { MAX_CONTACTS_PER_PHONE, MAX_VOICEMAIL_TARGETS } from '../../src/config/service-schema.ts';
import { readerAt } from './support.ts';

const { config, mistakes } = readerAt('/nowhere/gateway.yaml');

it(`a number registers ${MAX_CONTACTS_PER_PHONE} devices at most`, () => {
  const registrar = (max: number) => ({ registrar: `{ realm: example.com, maxContacts: ${max} }` });
  expect(config(registrar(MAX_CONTACTS_PER_PHONE)).registrar?.maxContacts).toBe(MAX_CONTACTS_PER_PHONE);
  expect(mistakes(registrar(MAX_CONTACTS_PER_PHONE + 1))).toEqual([expect.stringMatching(/^registrar\.maxContacts: /)]);
});

it(`${MAX_VOICEMAIL_TARGETS} addresses are voicemail at most`, () => {
  const voicemail = (count: number) => ({
    voicemail: `{ targets: [${Array.from({ length: count }, (_, n) => `"${10_000 + n}"`).join(', ')}] }`,
  });
  expect(config(voicemail(MAX_VOICEMAIL_TARGETS)).voicemail.targets).toHaveLength(MAX_VOICEMAIL_TARGETS);
  expect(mistakes(voicemail(MAX_VOICEMAIL_TARGETS + 1))).toEqual([expect.stringMatching(/^voicemail\.targets: /)]);
});
