import { useTranslation } from 'react-i18next';
import { useRead } from '../../api/query.ts';
import { mistakeOf } from '../../parts/edit.ts';
import { CheckField, LinesField, SelectField, TextField } from '../../parts/fields.tsx';
import { LANGUAGE_TAGS, TIME_ZONES } from '../../parts/tags.ts';
import type { Draft } from './draft.ts';

const OFFERED_POLICIES = 100;

export interface MailboxFieldsProps {
  readonly draft: Draft;
  readonly set: <Key extends keyof Draft>(key: Key, value: Draft[Key]) => void;
  readonly error: Error | null;
  readonly isReadOnly: boolean;
}

/** Who it is, and how calls find the mailbox. */
export function UserFields({ draft, set, error, isReadOnly }: MailboxFieldsProps) {
  const { t } = useTranslation();
  return (
    <>
      <TextField
        label={t('mailboxes.identity')}
        hint={t('mailboxes.identityHint')}
        isRequired
        isReadOnly={isReadOnly}
        maxLength={64}
        mistake={mistakeOf(error, 'identity')}
        value={draft.identity}
        set={(value) => set('identity', value)}
      />
      <TextField
        label={t('mailboxes.displayName')}
        isReadOnly={isReadOnly}
        maxLength={256}
        mistake={mistakeOf(error, 'displayName')}
        value={draft.displayName}
        set={(value) => set('displayName', value)}
      />
      <TextField
        label={t('mailboxes.email')}
        hint={t('mailboxes.emailHint')}
        isReadOnly={isReadOnly}
        mistake={mistakeOf(error, 'emailAddress')}
        value={draft.emailAddress}
        set={(value) => set('emailAddress', value)}
      />
      <LinesField
        label={t('mailboxes.extensions')}
        hint={t('mailboxes.oneALine')}
        isReadOnly={isReadOnly}
        mistake={mistakeOf(error, 'extensions')}
        values={draft.extensions}
        set={(values) => set('extensions', values)}
      />
      <LinesField
        label={t('mailboxes.sipAddresses')}
        hint={t('mailboxes.oneALine')}
        isReadOnly={isReadOnly}
        mistake={mistakeOf(error, 'sipAddresses')}
        values={draft.sipAddresses}
        set={(values) => set('sipAddresses', values)}
      />
    </>
  );
}

/** Which policy holds, and the user's own switch, language and time zone. */
export function NotificationFields({
  draft,
  set,
  error,
  isReadOnly,
  maySwitch = !isReadOnly,
}: MailboxFieldsProps & { readonly maySwitch?: boolean }) {
  const { t } = useTranslation();
  const policies = useRead('mailboxPolicies', { query: { limit: OFFERED_POLICIES } });
  const names = (policies.data?.body.items ?? []).map(({ name }) => name);
  const choices = [...new Set([draft.mailboxPolicy, ...names])].map((value) => ({ value, label: value }));
  return (
    <>
      <SelectField
        label={t('mailboxes.policy')}
        isRequired
        isReadOnly={isReadOnly}
        mistake={mistakeOf(error, 'mailboxPolicy')}
        value={draft.mailboxPolicy}
        set={(value) => set('mailboxPolicy', value)}
        choices={choices}
      />
      <CheckField
        label={t('mailboxes.switch')}
        hint={t('mailboxes.switchHint')}
        isReadOnly={!maySwitch}
        value={draft.missedCallNotificationEnabled}
        set={(value) => set('missedCallNotificationEnabled', value)}
      />
      <TextField
        label={t('policies.language')}
        hint={t('mailboxes.ofThePlan')}
        offers={LANGUAGE_TAGS}
        isReadOnly={isReadOnly}
        mistake={mistakeOf(error, 'language')}
        value={draft.language}
        set={(value) => set('language', value)}
      />
      <TextField
        label={t('policies.timeZone')}
        hint={t('mailboxes.ofThePlan')}
        offers={TIME_ZONES}
        isReadOnly={isReadOnly}
        mistake={mistakeOf(error, 'timeZone')}
        value={draft.timeZone}
        set={(value) => set('timeZone', value)}
      />
    </>
  );
}
