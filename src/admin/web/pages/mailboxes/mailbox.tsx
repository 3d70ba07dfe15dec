import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate, useParams } from 'react-router';
import { call, type Reply } from '../../api/call.ts';
import { useRead } from '../../api/query.ts';
import { ConflictDialog } from '../../parts/conflict-dialog.tsx';
import { useEdit } from '../../parts/edit.ts';
import { EditForm, SideTabs } from '../../parts/edit-form.tsx';
import { Fields } from '../../parts/fields.tsx';
import { Page as PageFrame } from '../../parts/page.tsx';
import { Loaded } from '../../parts/states.tsx';
import { useNotify } from '../../parts/toasts.tsx';
import { useMay } from '../../shell/session.ts';
import { bodyOf, type Draft, draftOf } from './draft.ts';
import { NotificationFields, UserFields } from './fields.tsx';
import { MAILBOXES, mailboxPath } from './paths.ts';

export function Page() {
  const { t } = useTranslation();
  const { name = '' } = useParams();
  const mailbox = useRead('mailbox', { params: { name } });
  return (
    <PageFrame
      title={mailbox.data?.body.displayName ?? name}
      kind={t('mailboxes.mailbox')}
      crumbs={[{ label: t('mailboxes.title'), to: MAILBOXES }]}
    >
      <Loaded query={mailbox}>{(reply) => <MailboxForm key={reply.body.identity} reply={reply} />}</Loaded>
    </PageFrame>
  );
}

function MailboxForm({ reply }: { readonly reply: Reply<'mailbox'> }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const notify = useNotify();
  const may = useMay();
  const isReadOnly = !may('mailboxes.write');
  const maySwitch = may('mailboxes.switch');
  const { identity } = reply.body;
  const start = useMemo(() => ({ draft: draftOf(reply.body), etag: reply.etag }), [reply]);
  const edit = useEdit<Draft>({
    start,
    async read() {
      const { body, etag } = await call('mailbox', { params: { name: identity } });
      return { draft: draftOf(body), etag };
    },
    async write(changes, ifMatch, why) {
      const reason = why !== '' ? { why } : {};
      const { missedCallNotificationEnabled: enabled = true } = changes;
      // The help desk sets the switch, and nothing else.
      const { body, etag } = isReadOnly
        ? await call('switchMailbox', { params: { name: identity }, body: { enabled, ...reason }, ifMatch })
        : await call('changeMailbox', { params: { name: identity }, body: { ...bodyOf(changes), ...reason }, ifMatch });
      return { draft: draftOf(body), etag };
    },
    saved(draft) {
      notify(t('policies.saved', { name: draft.identity }));
      if (draft.identity !== identity) void navigate(mailboxPath(draft.identity), { replace: true });
    },
  });
  const fields = { draft: edit.draft, set: edit.set, error: edit.error, isReadOnly };
  const show = (value: Draft[keyof Draft]) => {
    if (typeof value === 'boolean') return t(value ? 'parts.on' : 'parts.off');
    return typeof value === 'string' ? value : value.join(', ');
  };
  return (
    <EditForm edit={edit} leave={() => void navigate(MAILBOXES)} isReadOnly={isReadOnly && !maySwitch}>
      <SideTabs
        label={t('mailboxes.mailbox')}
        tabs={[
          {
            id: 'user',
            label: t('policies.general'),
            content: (
              <Fields>
                <UserFields {...fields} />
              </Fields>
            ),
          },
          {
            id: 'notifications',
            label: t('mailboxes.notifications'),
            content: (
              <Fields>
                <NotificationFields {...fields} maySwitch={maySwitch} />
              </Fields>
            ),
          },
        ]}
      />
      <ConflictDialog edit={edit} labels={useLabels()} show={show} />
    </EditForm>
  );
}

function useLabels(): Record<keyof Draft, string> {
  const { t } = useTranslation();
  return {
    identity: t('mailboxes.identity'),
    displayName: t('mailboxes.displayName'),
    emailAddress: t('mailboxes.email'),
    extensions: t('mailboxes.extensions'),
    sipAddresses: t('mailboxes.sipAddresses'),
    mailboxPolicy: t('mailboxes.policy'),
    missedCallNotificationEnabled: t('mailboxes.switch'),
    language: t('policies.language'),
    timeZone: t('policies.timeZone'),
  };
}
