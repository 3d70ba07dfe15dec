import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../../api/call.ts';
import { make } from '../../parts/deeds.ts';
import { mistakeOf } from '../../parts/edit.ts';
import { CheckField, Facts, Fields, TextField } from '../../parts/fields.tsx';
import { EditPanel } from '../../parts/panel.tsx';
import { useNotify } from '../../parts/toasts.tsx';
import { useDeed } from '../../parts/use-deed.ts';
import { MAX_POLICY_NAME } from './values.ts';

interface NewMailboxPolicyProps {
  readonly dialPlan: string;
  readonly etag: string | null;
  readonly close: () => void;
}

export function NewMailboxPolicy({ dialPlan, etag, close }: NewMailboxPolicyProps) {
  const { t } = useTranslation();
  const notify = useNotify();
  const [typed, setName] = useState('');
  const [allowMissedCallNotifications, setAllowed] = useState(true);
  const name = typed.trim();
  const create = useDeed(async () => {
    const body = { name, dialPlan, allowMissedCallNotifications };
    await make(etag, (ifMatch) => call('newMailboxPolicy', { body, ifMatch }));
    notify(t('policies.created', { name }));
    close();
  });
  return (
    <EditPanel
      title={t('policies.newPolicy')}
      error={create.error}
      isSaving={create.isBusy}
      isReady={name !== ''}
      save={() => create.run()}
      close={close}
    >
      <Fields>
        <Facts facts={[[t('policies.dialPlan'), dialPlan]]} />
        <TextField
          label={t('policies.name')}
          hint={t('policies.nameHint', { max: MAX_POLICY_NAME })}
          isRequired
          maxLength={MAX_POLICY_NAME}
          mistake={mistakeOf(create.error, 'name')}
          value={typed}
          set={setName}
        />
        <CheckField
          label={t('policies.allow')}
          hint={t('policies.allowHint')}
          value={allowMissedCallNotifications}
          set={setAllowed}
        />
      </Fields>
    </EditPanel>
  );
}
