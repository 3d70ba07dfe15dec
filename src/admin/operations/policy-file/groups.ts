import type { GroupEntry } from '../../../policy/index.ts';
import { type Handlers, Refusal } from '../../handlers.ts';
import { durationText, edit, type PolicyContext } from './edits.ts';
import { pageByName } from './lists.ts';
import { groupView } from './views.ts';

type Names = 'groups' | 'group' | 'newGroup' | 'changeGroup' | 'removeGroup';

/** Hunt groups. */
export function createGroupHandlers(context: PolicyContext): Handlers<Names> {
  const found = (identity: string) => {
    const lower = identity.toLowerCase();
    const group = [...context.store.current().groups.values()].find((one) => one.identity.toLowerCase() === lower);
    if (group === undefined) throw new Refusal(404, `There is no group ${identity}.`);
    return groupView(group);
  };
  return {
    async groups({ query }) {
      const { groups, version } = context.store.current();
      const { items, next } = pageByName(
        groups.values(),
        ({ identity }) => identity,
        query,
        ({ identity, displayName, extensions }) => [identity, displayName, ...extensions].join('\n'),
      );
      return { body: { items: items.map(groupView), next }, etag: version };
    },
    async group({ params }) {
      return { body: found(params.name), etag: context.store.current().version };
    },
    async newGroup({ body, caller, ifMatch }) {
      const { why, ringTimeoutMs, ...rest } = body;
      const entry: GroupEntry = { ...rest, ...ringTimeout(ringTimeoutMs) };
      const wanted = { caller, operation: 'make group', target: entry.identity, why, basedOn: ifMatch };
      const { version } = await edit(context, wanted, [{ kind: 'group', action: 'new', entry }]);
      return { body: found(entry.identity), etag: version };
    },
    async changeGroup({ params, body, caller, ifMatch }) {
      const { why, ringTimeoutMs, ...rest } = body;
      const changes = { ...rest, ...ringTimeout(ringTimeoutMs) };
      const wanted = { caller, operation: 'change group', target: params.name, why, basedOn: ifMatch };
      const { version } = await edit(context, wanted, [{ kind: 'group', action: 'set', name: params.name, changes }]);
      return { body: found(changes.identity ?? params.name), etag: version };
    },
    async removeGroup({ params, caller, ifMatch }) {
      const wanted = { caller, operation: 'remove group', target: params.name, basedOn: ifMatch };
      const { version } = await edit(context, wanted, [{ kind: 'group', action: 'remove', name: params.name }]);
      return { body: null as never, etag: version };
    },
  };
}

/** As policy.yaml writes it. */
function ringTimeout(ms: number | null | undefined): { readonly ringTimeout?: string | null } {
  if (ms === undefined) return {};
  return { ringTimeout: ms === null ? null : durationText(ms) };
}
