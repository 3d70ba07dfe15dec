import { useTranslation } from 'react-i18next';
import type { Group } from '../../api/contract.ts';
import { mistakeOf } from '../../parts/edit.ts';
import { Fields, LinesField, NumberField, SelectField, TextField } from '../../parts/fields.tsx';

const SECOND_MS = 1000;
const MAX_SECONDS = 600;
const RINGS = ['simultaneous', 'serial'] as const;
const NOTIFIES = ['nobody', 'group', 'first', 'last', 'all'] as const;

/** A group as a form has it: what is not set is an empty text, or 0. */
export interface Draft {
  readonly identity: string;
  readonly displayName: string;
  readonly extensions: readonly string[];
  readonly sipAddresses: readonly string[];
  readonly members: readonly string[];
  readonly ring: Group['ring'];
  readonly ringTimeoutMs: number;
  readonly notify: Group['notify'];
  readonly mailbox: string;
}

export function draftOf(group: Group): Draft {
  const { identity, displayName, extensions, sipAddresses, members, ring, ringTimeoutMs, notify, mailbox } = group;
  const set = { ringTimeoutMs: ringTimeoutMs ?? 0, mailbox: mailbox ?? '' };
  return { identity, displayName, extensions, sipAddresses, members, ring, notify, ...set };
}

/** As the API takes it. */
export function bodyOf({ ringTimeoutMs, mailbox, extensions, sipAddresses, members, ...rest }: Partial<Draft>) {
  return {
    ...rest,
    ...(extensions !== undefined && { extensions: [...extensions] }),
    ...(sipAddresses !== undefined && { sipAddresses: [...sipAddresses] }),
    ...(members !== undefined && { members: [...members] }),
    ...(ringTimeoutMs !== undefined && { ringTimeoutMs: ringTimeoutMs === 0 ? null : ringTimeoutMs }),
    ...(mailbox !== undefined && { mailbox: mailbox.trim() || null }),
  };
}

interface GroupFieldsProps {
  readonly draft: Draft;
  readonly set: <Key extends keyof Draft>(key: Key, value: Draft[Key]) => void;
  readonly error: Error | null;
  readonly isReadOnly: boolean;
}

export function GroupFields({ draft, set, error, isReadOnly }: GroupFieldsProps) {
  const { t } = useTranslation();
  const common = (key: keyof Draft) => ({ isReadOnly, mistake: mistakeOf(error, key) });
  return (
    <Fields>
      <TextField
        label={t('mailboxes.identity')}
        isRequired
        maxLength={64}
        {...common('identity')}
        value={draft.identity}
        set={(value) => set('identity', value)}
      />
      <TextField
        label={t('mailboxes.displayName')}
        maxLength={256}
        {...common('displayName')}
        value={draft.displayName}
        set={(value) => set('displayName', value)}
      />
      <LinesField
        label={t('mailboxes.extensions')}
        hint={t('mailboxes.oneALine')}
        {...common('extensions')}
        values={draft.extensions}
        set={(values) => set('extensions', values)}
      />
      <LinesField
        label={t('mailboxes.sipAddresses')}
        hint={t('mailboxes.oneALine')}
        {...common('sipAddresses')}
        values={draft.sipAddresses}
        set={(values) => set('sipAddresses', values)}
      />
      <LinesField
        label={t('groups.members')}
        hint={t('groups.membersHint')}
        isRequired
        {...common('members')}
        values={draft.members}
        set={(values) => set('members', values)}
      />
      <SelectField
        label={t('groups.ring')}
        {...common('ring')}
        value={draft.ring}
        set={(value) => set('ring', value)}
        choices={RINGS.map((value) => ({ value, label: t(`groups.rings.${value}`) }))}
      />
      <NumberField
        label={t('groups.ringTimeout')}
        hint={t('groups.ringTimeoutHint')}
        min={0}
        max={MAX_SECONDS}
        {...common('ringTimeoutMs')}
        value={draft.ringTimeoutMs / SECOND_MS}
        set={(seconds) => set('ringTimeoutMs', Math.round(seconds * SECOND_MS))}
      />
      <SelectField
        label={t('groups.notify')}
        {...common('notify')}
        value={draft.notify}
        set={(value) => set('notify', value)}
        choices={NOTIFIES.map((value) => ({ value, label: t(`groups.notifies.${value}`) }))}
      />
      <TextField
        label={t('groups.mailbox')}
        hint={t('groups.mailboxHint')}
        {...common('mailbox')}
        value={draft.mailbox}
        set={(value) => set('mailbox', value)}
      />
    </Fields>
  );
}
