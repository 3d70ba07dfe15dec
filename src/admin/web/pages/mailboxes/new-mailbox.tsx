import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../../api/call.ts';
import { useRead } from '../../api/query.ts';
import { make } from '../../parts/deeds.ts';
import { Fields } from '../../parts/fields.tsx';
import { EditPanel } from '../../parts/panel.tsx';
import { useNotify } from '../../parts/toasts.tsx';
import { useDeed } from '../../parts/use-deed.ts';
import { bodyOf, type Draft } from './draft.ts';
import { NotificationFields, UserFields } from './fields.tsx';

const EMPTY: Draft = {
  identity: '',
  displayName: '',
  emailAddress: '',
  extensions: [],
  sipAddresses: [],
  mailboxPolicy: '',
  missedCallNotificationEnabled: true,
  language: '',
  timeZone: '',
};

export function NewMailbox({ etag, close }: { readonly etag: string | null; readonly close: () => void }) {
  const { t } = useTranslation();
  const notify = useNotify();
  const [typed, setDraft] = useState(EMPTY);
  const first = useRead('mailboxPolicies', { query: { limit: 1 } }).data?.body.items[0]?.name ?? '';
  const draft = { ...typed, mailboxPolicy: typed.mailboxPolicy || first };
  const create = useDeed(async () => {
    const { displayName, ...rest } = draft;
    const body = {
      ...bodyOf({ ...rest, ...(displayName.trim() !== '' && { displayName }) }),
      identity: draft.identity.trim(),
    };
    await make(etag, (ifMatch) =>
      call('newMailbox', { body: { ...body, mailboxPolicy: draft.mailboxPolicy }, ifMatch }),
    );
    notify(t('policies.created', { name: body.identity }));
    close();
  });
  const fields = {
    draft,
    error: create.error,
    isReadOnly: false,
    set: <Key extends keyof Draft>(key: Key, value: Draft[Key]) => setDraft((before) => ({ ...before, [key]: value })),
  };
  return (
    <EditPanel
      title={t('mailboxes.new')}
      error={create.error}
      isSaving={create.isBusy}
      isReady={draft.identity.trim() !== '' && draft.mailboxPolicy !== ''}
      save={() => create.run()}
      close={close}
    >
      <Fields>
        <UserFields {...fields} />
        <NotificationFields {...fields} />
      </Fields>
    </EditPanel>
  );
}
