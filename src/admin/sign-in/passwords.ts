import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';

/** RFC 7914: 32 MiB and some 70 ms for each guess. */
const COST = 15;
const BLOCK_SIZE = 8;
const PARALLEL = 1;
const HASH_BYTES = 32;
/** Hashings at once: each holds a thread of the pool and its memory. */
export const MAX_HASHINGS = 2;
/** Those that wait for one; one more is turned away. */
export const MAX_WAITING_HASHINGS = 32;

/** Too many sign-ins at once. */
export class TooBusy extends Error {}

let running = 0;
const waiting: (() => void)[] = [];

/** `scrypt$15$8$1$SALT$HASH`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, { cost: COST, blockSize: BLOCK_SIZE, parallelization: PARALLEL });
  return ['scrypt', COST, BLOCK_SIZE, PARALLEL, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

/** Of nobody: checking against it takes as long as against a real one. */
const NOBODY = `scrypt$${COST}$${BLOCK_SIZE}$${PARALLEL}$AAAAAAAAAAAAAAAAAAAAAA$${Buffer.alloc(HASH_BYTES).toString('base64url')}`;

/** @param kept null: there is no such account, or it has no password; costs as much */
export async function passwordMatches(password: string, kept: string | null): Promise<boolean> {
  const [, cost, blockSize, parallelization, salt = '', hash = ''] = (kept ?? NOBODY).split('$');
  const parameters = { cost: Number(cost), blockSize: Number(blockSize), parallelization: Number(parallelization) };
  const derived = await derive(password, Buffer.from(salt, 'base64url'), parameters);
  const expected = Buffer.from(hash, 'base64url');
  return derived.length === expected.length && timingSafeEqual(derived, expected) && kept !== null;
}

async function derive(
  password: string,
  salt: Buffer,
  { cost, blockSize, parallelization }: { cost: number; blockSize: number; parallelization: number },
): Promise<Buffer> {
  const options: ScryptOptions = {
    N: 2 ** cost,
    r: blockSize,
    p: parallelization,
    maxmem: 256 * 2 ** cost * blockSize,
  };
  await turn();
  try {
    return await new Promise((resolve, reject) => {
      // RFC 8265 4.1: what looks the same is the same.
      scrypt(password.normalize('NFC'), salt, HASH_BYTES, options, (error, hash) => {
        if (error === null) resolve(hash);
        else reject(error);
      });
    });
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

async function turn(): Promise<void> {
  if (running >= MAX_HASHINGS) {
    if (waiting.length >= MAX_WAITING_HASHINGS) throw new TooBusy('Too many sign-ins at once: try again in a moment.');
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
    });
  }
  running += 1;
}
