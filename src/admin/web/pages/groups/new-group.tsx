import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../../api/call.ts';
import { useRead } from '../../api/query.ts';
import { make } from '../../parts/deeds.ts';
import { mistakeOf } from '../../parts/edit.ts';
import { SelectField } from '../../parts/fields.tsx';
import { EditPanel } from '../../parts/panel.tsx';
import { useNotify } from '../../parts/toasts.tsx';
import { useDeed } from '../../parts/use-deed.ts';
import { bodyOf, type Draft, GroupFields } from './fields.tsx';

const OFFERED_PLANS = 100;
const EMPTY: Draft = {
  identity: '',
  displayName: '',
  extensions: [],
  sipAddresses: [],
  members: [],
  ring: 'simultaneous',
  ringTimeoutMs: 0,
  notify: 'nobody',
  mailbox: '',
};

export function NewGroup({ etag, close }: { readonly etag: string | null; readonly close: () => void }) {
  const { t } = useTranslation();
  const notify = useNotify();
  const [draft, setDraft] = useState(EMPTY);
  const [chosenPlan, setPlan] = useState('');
  const plans =
    useRead('dialPlans', { query: { limit: OFFERED_PLANS } }).data?.body.items.map(({ name }) => name) ?? [];
  const dialPlan = chosenPlan || (plans[0] ?? '');
  const create = useDeed(async () => {
    const { displayName, ...rest } = draft;
    const body = {
      ...bodyOf({ ...rest, ...(displayName.trim() !== '' && { displayName }) }),
      identity: draft.identity.trim(),
      members: [...draft.members],
      dialPlan,
    };
    await make(etag, (ifMatch) => call('newGroup', { body, ifMatch }));
    notify(t('policies.created', { name: body.identity }));
    close();
  });
  return (
    <EditPanel
      title={t('groups.new')}
      error={create.error}
      isSaving={create.isBusy}
      isReady={draft.identity.trim() !== '' && draft.members.length > 0 && dialPlan !== ''}
      save={() => create.run()}
      close={close}
    >
      <SelectField
        label={t('policies.dialPlan')}
        isRequired
        mistake={mistakeOf(create.error, 'dialPlan')}
        value={dialPlan}
        set={setPlan}
        choices={plans.map((value) => ({ value, label: value }))}
      />
      <GroupFields
        draft={draft}
        set={(key, value) => setDraft((before) => ({ ...before, [key]: value }))}
        error={create.error}
        isReadOnly={false}
      />
    </EditPanel>
  );
}
