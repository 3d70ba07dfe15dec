import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../../api/call.ts';
import { make } from '../../parts/deeds.ts';
import { mistakeOf } from '../../parts/edit.ts';
import { CheckField, Fields, NumberField, SelectField, TextField } from '../../parts/fields.tsx';
import { EditPanel } from '../../parts/panel.tsx';
import { useNotify } from '../../parts/toasts.tsx';
import { useDeed } from '../../parts/use-deed.ts';
import { LANGUAGE_TAGS, TIME_ZONES } from '../../parts/tags.ts';
import { MAX_DIAL_PLAN_NAME, MAX_DIGITS, URI_TYPES } from './values.ts';

const EMPTY = {
  name: '',
  uriType: 'TelExtn' as (typeof URI_TYPES)[number],
  numberOfDigitsInExtension: 4,
  countryOrRegionCode: '',
  defaultLanguage: '',
  timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  generateMailboxPolicy: true,
};

export function NewDialPlan({ etag, close }: { readonly etag: string | null; readonly close: () => void }) {
  const { t, i18n } = useTranslation();
  const notify = useNotify();
  const [plan, setPlan] = useState({ ...EMPTY, defaultLanguage: i18n.language === 'fr' ? 'fr-FR' : 'en-US' });
  const set = (changes: Partial<typeof plan>) => setPlan({ ...plan, ...changes });
  const create = useDeed(async () => {
    const body = { ...plan, name: plan.name.trim(), countryOrRegionCode: plan.countryOrRegionCode || null };
    await make(etag, (ifMatch) => call('newDialPlan', { body, ifMatch }));
    notify(t('policies.created', { name: body.name }));
    close();
  });
  const mistake = (key: string) => mistakeOf(create.error, key);
  return (
    <EditPanel
      title={t('policies.newDialPlan')}
      error={create.error}
      isSaving={create.isBusy}
      isReady={plan.name.trim() !== ''}
      save={() => create.run()}
      close={close}
    >
      <Fields>
        <TextField
          label={t('policies.name')}
          hint={t('policies.nameHint', { max: MAX_DIAL_PLAN_NAME })}
          isRequired
          maxLength={MAX_DIAL_PLAN_NAME}
          mistake={mistake('name')}
          value={plan.name}
          set={(name) => set({ name })}
        />
        <NumberField
          label={t('policies.digits')}
          hint={t('policies.fixed')}
          min={1}
          max={MAX_DIGITS}
          mistake={mistake('numberOfDigitsInExtension')}
          value={plan.numberOfDigitsInExtension}
          set={(numberOfDigitsInExtension) => set({ numberOfDigitsInExtension })}
        />
        <SelectField
          label={t('policies.uriType')}
          hint={t('policies.fixed')}
          value={plan.uriType}
          set={(uriType) => set({ uriType })}
          choices={URI_TYPES.map((value) => ({ value, label: t(`policies.uriTypes.${value}`) }))}
        />
        <TextField
          label={t('policies.countryCode')}
          hint={t('policies.countryCodeHint')}
          isShort
          mistake={mistake('countryOrRegionCode')}
          value={plan.countryOrRegionCode}
          set={(countryOrRegionCode) => set({ countryOrRegionCode })}
        />
        <TextField
          label={t('policies.language')}
          offers={LANGUAGE_TAGS}
          mistake={mistake('defaultLanguage')}
          value={plan.defaultLanguage}
          set={(defaultLanguage) => set({ defaultLanguage })}
        />
        <TextField
          label={t('policies.timeZone')}
          offers={TIME_ZONES}
          mistake={mistake('timeZone')}
          value={plan.timeZone}
          set={(timeZone) => set({ timeZone })}
        />
        <CheckField
          label={t('policies.generate', { name: plan.name.trim() || '…' })}
          value={plan.generateMailboxPolicy}
          set={(generateMailboxPolicy) => set({ generateMailboxPolicy })}
        />
      </Fields>
    </EditPanel>
  );
}
