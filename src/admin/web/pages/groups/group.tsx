import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate, useParams } from 'react-router';
import { call, type Reply } from '../../api/call.ts';
import { useRead } from '../../api/query.ts';
import { ConflictDialog } from '../../parts/conflict-dialog.tsx';
import { useEdit } from '../../parts/edit.ts';
import { EditForm } from '../../parts/edit-form.tsx';
import { Page as PageFrame } from '../../parts/page.tsx';
import { Loaded } from '../../parts/states.tsx';
import { useNotify } from '../../parts/toasts.tsx';
import { useMay } from '../../shell/session.ts';
import { GROUPS, groupPath } from '../mailboxes/paths.ts';
import { bodyOf, type Draft, draftOf, GroupFields } from './fields.tsx';

export function Page() {
  const { t } = useTranslation();
  const { name = '' } = useParams();
  const group = useRead('group', { params: { name } });
  return (
    <PageFrame
      title={group.data?.body.displayName ?? name}
      kind={t('groups.group')}
      crumbs={[{ label: t('groups.title'), to: GROUPS }]}
    >
      <Loaded query={group}>{(reply) => <GroupForm key={reply.body.identity} reply={reply} />}</Loaded>
    </PageFrame>
  );
}

const show = (value: Draft[keyof Draft]): string => (typeof value === 'object' ? value.join(', ') : String(value));

function GroupForm({ reply }: { readonly reply: Reply<'group'> }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const notify = useNotify();
  const isReadOnly = !useMay()('policy.write');
  const { identity } = reply.body;
  const start = useMemo(() => ({ draft: draftOf(reply.body), etag: reply.etag }), [reply]);
  const edit = useEdit<Draft>({
    start,
    async read() {
      const { body, etag } = await call('group', { params: { name: identity } });
      return { draft: draftOf(body), etag };
    },
    async write(changes, ifMatch, why) {
      const asked = { ...bodyOf(changes), ...(why !== '' && { why }) };
      const { body, etag } = await call('changeGroup', { params: { name: identity }, body: asked, ifMatch });
      return { draft: draftOf(body), etag };
    },
    saved(draft) {
      notify(t('policies.saved', { name: draft.identity }));
      if (draft.identity !== identity) void navigate(groupPath(draft.identity), { replace: true });
    },
  });
  const labels: Record<keyof Draft, string> = {
    identity: t('mailboxes.identity'),
    displayName: t('mailboxes.displayName'),
    extensions: t('mailboxes.extensions'),
    sipAddresses: t('mailboxes.sipAddresses'),
    members: t('groups.members'),
    ring: t('groups.ring'),
    ringTimeoutMs: t('groups.ringTimeout'),
    notify: t('groups.notify'),
    mailbox: t('groups.mailbox'),
  };
  return (
    <EditForm edit={edit} leave={() => void navigate(GROUPS)} isReadOnly={isReadOnly}>
      <GroupFields draft={edit.draft} set={edit.set} error={edit.error} isReadOnly={isReadOnly} />
      <ConflictDialog edit={edit} labels={labels} show={show} />
    </EditForm>
  );
}
