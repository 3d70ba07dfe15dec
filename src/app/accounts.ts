import { createPhoneDirectory, loadPhones, type GatewayConfig } from '../config/index.ts';
import { ha1, newNonceKey, OFFERED_ALGORITHMS } from '../digest/index.ts';
import type { DigestSettings, PhoneDirectory } from '../gateway/index.ts';
import { problemLines } from '../yamlfile/index.ts';

/** Part of the composition root: who may sign in, and how they are asked. */

/** How passwords are asked for: one secret for this process, known to its engine and its gateway. Null: nobody has one. */
export function digestOf(config: GatewayConfig, phones: PhoneDirectory): DigestSettings | null {
  const { registrar, peers, sip } = config;
  if (registrar === null && peers.every(({ digest }) => digest === null)) return null;
  const offered = phones.algorithms ?? OFFERED_ALGORITHMS;
  return {
    realm: registrar?.realm ?? config.node,
    nonceKey: newNonceKey(),
    // A drachtio-server writes both challenges on one line, which phones do not read.
    algorithms: sip.engine === 'drachtio' ? ['MD5'] : offered,
  };
}

export interface Phones {
  /** Asks the file that was read last. */
  readonly directory: PhoneDirectory;
  current(): PhoneDirectory;
  /** Reads the file again. @throws Error with its mistakes; what was known stays */
  reload(): void;
}

/** The accounts of phones.yaml. @throws Error with every mistake in it */
export function openPhones({ registrar }: GatewayConfig): Phones {
  const read = (): PhoneDirectory => {
    if (registrar === null) return createPhoneDirectory([]);
    const loaded = loadPhones(registrar.phones, registrar.realm, ha1);
    if (loaded.ok) return createPhoneDirectory(loaded.phones);
    throw new Error(`The phones cannot be used:\n${problemLines(registrar.phones, loaded.problems).join('\n')}`);
  };
  let current = read();
  return {
    directory: {
      find: (username) => current.find(username),
      hasNumber: (number) => current.hasNumber?.(number) ?? false,
      get algorithms() {
        return current.algorithms ?? OFFERED_ALGORITHMS;
      },
    },
    current: () => current,
    reload: () => {
      current = read();
    },
  };
}
