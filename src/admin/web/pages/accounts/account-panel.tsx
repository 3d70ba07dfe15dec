import { Field, Input } from '@fluentui/react-components';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../../api/call.ts';
import type { Account, Role } from '../../api/contract.ts';
import { mistakeOf } from '../../parts/edit.ts';
import { CheckField, Fields, FieldSet, TextField } from '../../parts/fields.tsx';
import { EditPanel } from '../../parts/panel.tsx';
import { useNotify } from '../../parts/toasts.tsx';
import { useDeed } from '../../parts/use-deed.ts';

export const ROLES: readonly Role[] = [
  'Organization Management',
  'UM Management',
  'View-Only Organization Management',
  'Help Desk',
  'self',
];
export const MIN_PASSWORD = 12;

/** An account that is made, or changed. */
export function AccountPanel({ account, close }: { readonly account: Account | null; readonly close: () => void }) {
  const { t } = useTranslation();
  const notify = useNotify();
  const [name, setName] = useState(account?.name ?? '');
  const [displayName, setDisplayName] = useState(account?.displayName ?? '');
  const [password, setPassword] = useState('');
  const [mailbox, setMailbox] = useState(account?.mailbox ?? '');
  const [roles, setRoles] = useState<readonly Role[]>(account?.roles ?? ['self']);
  const [enabled, setEnabled] = useState(account?.enabled ?? true);
  const save = useDeed(async () => {
    const common = {
      displayName: displayName.trim(),
      roles: [...roles],
      mailbox: mailbox.trim() || null,
      ...(password !== '' && { password }),
    };
    if (account === null) await call('newAccount', { body: { ...common, name: name.trim() } });
    else await call('changeAccount', { params: { name: account.name }, body: { ...common, enabled } });
    notify(t(account === null ? 'policies.created' : 'policies.saved', { name: name.trim() }));
    close();
  });
  const mistake = (key: string) => mistakeOf(save.error, key);
  const toggle = (role: Role, isOn: boolean) =>
    setRoles(ROLES.filter((one) => (one === role ? isOn : roles.includes(one))));
  return (
    <EditPanel
      title={account === null ? t('accounts.new') : account.name}
      error={save.error}
      isSaving={save.isBusy}
      isReady={name.trim() !== '' && displayName.trim() !== '' && roles.length > 0}
      save={() => save.run()}
      close={close}
    >
      <Fields>
        <TextField
          label={t('accounts.name')}
          isRequired
          isReadOnly={account !== null}
          maxLength={64}
          mistake={mistake('name')}
          value={name}
          set={setName}
        />
        <TextField
          label={t('mailboxes.displayName')}
          isRequired
          maxLength={256}
          mistake={mistake('displayName')}
          value={displayName}
          set={setDisplayName}
        />
        <PasswordField
          label={t(account === null ? 'accounts.password' : 'accounts.newPassword')}
          hint={t('accounts.passwordHint', { min: MIN_PASSWORD })}
          mistake={mistake('password')}
          value={password}
          set={setPassword}
        />
        <FieldSet legend={t('accounts.roles')}>
          {ROLES.map((role) => (
            <CheckField
              key={role}
              label={t(`accounts.role.${role}`)}
              hint={t(`accounts.roleHint.${role}`)}
              value={roles.includes(role)}
              set={(isOn) => toggle(role, isOn)}
            />
          ))}
        </FieldSet>
        <TextField
          label={t('accounts.mailbox')}
          hint={t('accounts.mailboxHint')}
          mistake={mistake('mailbox')}
          value={mailbox}
          set={setMailbox}
        />
        {account !== null && <CheckField label={t('accounts.mayEnter')} value={enabled} set={setEnabled} />}
      </Fields>
    </EditPanel>
  );
}

interface PasswordFieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly mistake?: string | undefined;
  readonly value: string;
  readonly set: (value: string) => void;
  readonly isCurrent?: boolean;
}

export function PasswordField({ label, hint, mistake, value, set, isCurrent = false }: PasswordFieldProps) {
  return (
    <Field
      label={label}
      {...(hint !== undefined && { hint })}
      {...(mistake !== undefined && { validationMessage: mistake })}
    >
      <Input
        type="password"
        autoComplete={isCurrent ? 'current-password' : 'new-password'}
        value={value}
        onChange={(_, data) => set(data.value)}
      />
    </Field>
  );
}
