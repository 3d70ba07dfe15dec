import { describe, expect, it } from 'vitest';
import {
  createAllowance,
  createThrottle,
  FREE_FAILURES,
  LONGEST_WAIT_MS,
  MAX_ACCOUNT_FAILURES,
  MAX_ADDRESS_FAILURES,
  MAX_OWN_CHANGES,
  MAX_REMEMBERED,
  MAX_SIGN_INS,
  WINDOW_MS,
} from '../../src/admin/sign-in/throttle.ts';

const HOME = '192.0.2.1';

function made() {
  const clock = { at: 0 };
  const throttle = createThrottle(() => clock.at);
  /** As a sign-in does it: counted before it is known to be right. */
  const good = (account: string, address = HOME): void => {
    throttle.failed(account, address);
    throttle.succeeded(account, address);
  };
  return { clock, throttle, good };
}

describe('the throttle of sign-ins', () => {
  it('does not count right passwords as wrong ones, of one account or of many', () => {
    const { throttle, good } = made();
    for (let i = 0; i < MAX_ADDRESS_FAILURES * 2; i += 1) good(`user${i}`);
    for (let i = 0; i < MAX_SIGN_INS - 1; i += 1) good('alice');
    expect(throttle.waitMs('alice', HOME)).toBe(0);
    expect(throttle.waitMs('new', HOME)).toBe(0);
    expect(throttle.lockedUntil('alice')).toBeNull();
  });

  it(`lets an account sign in ${MAX_SIGN_INS} times an hour (MAX_SIGN_INS)`, () => {
    const { clock, throttle, good } = made();
    for (let i = 0; i < MAX_SIGN_INS; i += 1) good('alice');
    expect(throttle.waitMs('ALICE', '198.51.100.1')).toBe(WINDOW_MS);
    expect(throttle.waitMs('bob', HOME)).toBe(0);
    clock.at += WINDOW_MS;
    expect(throttle.waitMs('alice', HOME)).toBe(0);
  });

  it(`shuts an address out after ${MAX_ADDRESS_FAILURES} wrong ones (MAX_ADDRESS_FAILURES), but not who has signed in from there`, () => {
    const { clock, throttle, good } = made();
    good('alice');
    for (let i = 0; i < MAX_ADDRESS_FAILURES; i += 1) throttle.failed(`guess${i}`, HOME);
    expect(throttle.waitMs('bob', HOME)).toBe(WINDOW_MS);
    expect(throttle.waitMs('bob', '192.0.2.2')).toBe(0);
    expect(throttle.waitMs('alice', HOME)).toBe(0);
    clock.at += WINDOW_MS;
    expect(throttle.waitMs('bob', HOME)).toBe(0);
  });

  it('counts the /64 of an IPv6 address as one', () => {
    const { throttle } = made();
    for (let i = 0; i < MAX_ADDRESS_FAILURES; i += 1) throttle.failed(`guess${i}`, `2001:db8::${i + 1}`);
    expect(throttle.waitMs('bob', '2001:db8::ffff')).toBe(WINDOW_MS);
    expect(throttle.waitMs('bob', '2001:db8:0:1::1')).toBe(0);
  });

  it(`keeps strangers from an account after ${MAX_ACCOUNT_FAILURES} wrong ones (MAX_ACCOUNT_FAILURES), not its owner`, () => {
    const { throttle, good } = made();
    good('alice');
    for (let i = 0; i < MAX_ACCOUNT_FAILURES; i += 1)
      throttle.failed('alice', `198.51.${Math.floor(i / 200)}.${i % 200}`);
    expect(throttle.waitMs('alice', '203.0.113.1')).toBe(WINDOW_MS);
    expect(throttle.lockedUntil('alice')).toBe(WINDOW_MS);
    expect(throttle.waitMs('alice', HOME)).toBe(0);
  });

  it('makes who guesses wait ever longer, an hour at most (LONGEST_WAIT_MS)', () => {
    const { clock, throttle } = made();
    let longest = 0;
    for (let i = 0; i < FREE_FAILURES + 40; i += 1) {
      throttle.failed('alice', HOME);
      longest = Math.max(longest, throttle.waitMs('alice', HOME));
      clock.at += 1;
    }
    expect(longest).toBeLessThanOrEqual(LONGEST_WAIT_MS);
    expect(longest).toBeGreaterThan(LONGEST_WAIT_MS / 2);
  });

  it(`remembers ${MAX_REMEMBERED} of each sort (MAX_REMEMBERED)`, () => {
    const { throttle } = made();
    for (let i = 0; i < FREE_FAILURES; i += 1) throttle.failed('first', HOME);
    expect(throttle.waitMs('first', HOME)).toBeGreaterThan(0);
    for (let i = 0; i < MAX_REMEMBERED; i += 1)
      throttle.failed(`guess${i}`, `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
    expect(throttle.waitMs('first', HOME)).toBe(0);
  });
});

it(`an account that manages nothing changes ${MAX_OWN_CHANGES} things an hour (MAX_OWN_CHANGES)`, () => {
  const clock = { at: 0 };
  const allowance = createAllowance(() => clock.at);
  for (let i = 0; i < MAX_OWN_CHANGES; i += 1) expect(allowance.take('alice')).toBe(0);
  expect(allowance.take('Alice')).toBe(WINDOW_MS);
  expect(allowance.take('bob')).toBe(0);
  clock.at = WINDOW_MS;
  expect(allowance.take('alice')).toBe(0);
});
