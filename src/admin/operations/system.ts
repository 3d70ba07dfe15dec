import { REMOTE_LIMITS, runCmdlet } from '../../cmdlet/index.ts';
import type { AuditFilter } from '../../journal/index.ts';
import { type Handlers, Refusal } from '../handlers.ts';
import { pageOf } from './accounts.ts';
import type { OperationContext } from './context.ts';
import { pageByName } from './policy-file/lists.ts';
import { statusView } from './policy-file/views.ts';

type Names = 'health' | 'peers' | 'registrations' | 'audit' | 'cmdlet';

/** Cmdlet lines at work at once, of everybody. */
export const MAX_CMDLETS = 4;

/** The gateway itself, who did what, and the command language. */
export function createSystemHandlers(context: OperationContext): Handlers<Names> {
  const { status, store, journal, live, policyPath, node, version, startedAt } = context;
  let cmdlets = 0;
  return {
    async health() {
      const { ready, checks } = await status.readiness();
      return {
        body: {
          ready,
          checks: checks.map((check) => ({ ...check })),
          node,
          version,
          startedAt: new Date(startedAt).toISOString(),
          liveCalls: live.calls().total,
          policy: statusView(policyPath, store.status()),
        },
      };
    },
    async peers() {
      return { body: { items: [...status.peers()], hops: status.hops().map((hop) => ({ ...hop })) } };
    },
    async registrations({ query }) {
      const page = pageByName(
        status.registrations(),
        ({ aor, contact }) => `${aor} ${contact}`,
        query,
        ({ aor, contact, userAgent }) => `${aor}\n${contact}\n${userAgent}`,
      );
      return { body: page };
    },
    async audit({ query }) {
      const { from, to, actor, operation, target } = query;
      const filter: AuditFilter = {
        ...(from === undefined ? {} : { from: Date.parse(from) }),
        ...(to === undefined ? {} : { to: Date.parse(to) }),
        ...(actor === undefined ? {} : { actor }),
        ...(operation === undefined ? {} : { operation }),
        ...(target === undefined ? {} : { target }),
      };
      const { items, next } = await journal.audit(filter, pageOf(query));
      return { body: { items: items.map((record) => ({ ...record, at: new Date(record.at).toISOString() })), next } };
    },
    async cmdlet({ body, caller, signal }) {
      if (cmdlets >= MAX_CMDLETS)
        throw new Refusal(503, 'Other command lines are at work: try again in a moment.', [], 2);
      cmdlets += 1;
      try {
        const { now, newId } = context;
        const result = await runCmdlet(body.line, {
          policyPath,
          policy: () => store.current(),
          caller,
          journal,
          now,
          newId,
          onEdited: async () => void (await store.reload()),
          signal,
          limits: REMOTE_LIMITS,
        });
        return { body: { ...result } };
      } finally {
        cmdlets -= 1;
      }
    },
  };
}
