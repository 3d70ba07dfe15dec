import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../../api/call.ts';
import type { Permission } from '../../api/contract.ts';
import { mistakeOf } from '../../parts/edit.ts';
import { CheckField, Fields, FieldSet, NumberField, TextField } from '../../parts/fields.tsx';
import { EditPanel } from '../../parts/panel.tsx';
import { useDeed } from '../../parts/use-deed.ts';
import { useSession } from '../../shell/session.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const DEFAULT_DAYS = 365;
const MAX_DAYS = 3650;

/** A token for a program: what it may, and how long. */
export function NewToken({ made, close }: { readonly made: (secret: string) => void; readonly close: () => void }) {
  const { t } = useTranslation();
  const { permissions } = useSession();
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<readonly Permission[]>([]);
  const [days, setDays] = useState(DEFAULT_DAYS);
  const create = useDeed(async () => {
    const expiresAt = days === 0 ? null : new Date(Date.now() + days * DAY_MS).toISOString();
    const { body } = await call('newToken', { body: { name: name.trim(), scopes: [...scopes], expiresAt } });
    made(body.secret);
    close();
  });
  return (
    <EditPanel
      title={t('accounts.newToken')}
      error={create.error}
      isSaving={create.isBusy}
      isReady={name.trim() !== '' && scopes.length > 0}
      save={() => create.run()}
      close={close}
    >
      <Fields>
        <TextField
          label={t('system.name')}
          isRequired
          maxLength={64}
          mistake={mistakeOf(create.error, 'name')}
          value={name}
          set={setName}
        />
        <NumberField
          label={t('accounts.days')}
          hint={t('accounts.daysHint')}
          min={0}
          max={MAX_DAYS}
          value={days}
          set={setDays}
        />
        <FieldSet legend={t('accounts.scopes')}>
          {permissions.map((permission) => (
            <CheckField
              key={permission}
              label={permission}
              value={scopes.includes(permission)}
              set={(isOn) => setScopes(permissions.filter((one) => (one === permission ? isOn : scopes.includes(one))))}
            />
          ))}
        </FieldSet>
      </Fields>
    </EditPanel>
  );
}
