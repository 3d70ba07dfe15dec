import { call } from '../api/call.ts';
import { isConflict } from '../api/problem.ts';

const MAX_RETRIES = 5;

/** Makes something new: whatever else the policy file has become meanwhile, it does not stand in its way. */
export async function make<Result>(
  etag: string | null,
  deed: (ifMatch: string | null) => Promise<Result>,
): Promise<Result> {
  return onto(etag, async () => (await call('policy', {})).etag, deed);
}

/**
 * Removes something that was seen. Where the policy file has changed since, it is removed all the same if it is still what was
 * seen; else the refusal (412) is thrown, so that one looks at it again.
 */
export async function removeSeen<Result>(
  etag: string | null,
  seen: object,
  read: () => Promise<{ readonly body: object; readonly etag: string | null }>,
  deed: (ifMatch: string | null) => Promise<Result>,
): Promise<Result> {
  const again = async (refusal: unknown): Promise<string | null> => {
    const now = await read();
    if (JSON.stringify(now.body) !== JSON.stringify(seen)) throw refusal;
    return now.etag;
  };
  return onto(etag, again, deed);
}

async function onto<Result>(
  etag: string | null,
  again: (refusal: unknown) => Promise<string | null>,
  deed: (ifMatch: string | null) => Promise<Result>,
): Promise<Result> {
  let version = etag;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await deed(version);
    } catch (failure) {
      if (!isConflict(failure) || attempt >= MAX_RETRIES) throw failure;
      version = await again(failure);
    }
  }
}
