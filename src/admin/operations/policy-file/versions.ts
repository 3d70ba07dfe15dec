import { readFile } from 'node:fs/promises';
import { createTwoFilesPatch } from 'diff';
import { policyVersions, readPolicyVersion } from '../../../policy/index.ts';
import { type Handlers, Refusal } from '../../handlers.ts';
import { type PolicyContext, rollBack } from './edits.ts';
import { statusView, versionView } from './views.ts';

type Names = 'policy' | 'policyVersions' | 'policyVersion' | 'rollBack';

/** Longest text and difference that are shown: beyond, the files beside policy.yaml have them. */
export const MAX_SHOWN_TEXT = 256 * 1024;
/** How long two versions are compared. */
export const DIFF_TIMEOUT_MS = 200;
const CONTEXT_LINES = 3;

/** The policy file and its versions. */
export function createVersionHandlers(context: PolicyContext): Handlers<Names> {
  const { policyPath, store } = context;
  const status = () => statusView(policyPath, store.status());
  return {
    async policy() {
      const body = status();
      return { body, etag: body.version };
    },
    async policyVersions() {
      const versions = await policyVersions(policyPath);
      return { body: { items: versions.map(versionView), next: null }, etag: store.status().version };
    },
    async policyVersion({ params }) {
      const version = (await policyVersions(policyPath)).find((one) => one.version === params.version);
      const text = version === undefined ? null : await readPolicyVersion(policyPath, version.version);
      if (version === undefined || text === null) throw new Refusal(404, `The version ${params.version} is not kept.`);
      const body = { ...versionView(version), text: shown(text), diff: await difference(policyPath, text) };
      return { body, etag: store.status().version };
    },
    async rollBack({ params, body, caller, ifMatch }) {
      const wanted = { caller, operation: 'roll back policy', target: params.version, why: body.why, basedOn: ifMatch };
      const { version } = await rollBack(context, wanted, params.version);
      return { body: status(), etag: version };
    },
  };
}

/** What going back to it would change, as a unified diff; what is too long to compare is told so. */
async function difference(policyPath: string, text: string): Promise<string> {
  const now = await readFile(policyPath, 'utf8').catch(() => '');
  if (now === text) return '';
  if (now.length + text.length > 8 * MAX_SHOWN_TEXT) return 'The files are too long to be compared here.';
  const patch = createTwoFilesPatch('now', 'this version', now, text, undefined, undefined, {
    context: CONTEXT_LINES,
    timeout: DIFF_TIMEOUT_MS,
  });
  return patch === undefined ? 'The files differ too much to be compared here.' : shown(patch);
}

function shown(text: string): string {
  return text.length <= MAX_SHOWN_TEXT
    ? text
    : `${text.slice(0, MAX_SHOWN_TEXT)}\n… (${text.length - MAX_SHOWN_TEXT} more)`;
}
