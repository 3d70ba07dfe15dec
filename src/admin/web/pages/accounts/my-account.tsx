import { Button, makeStyles, MessageBar, MessageBarBody, MessageBarTitle, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../../api/call.ts';
import type { Token } from '../../api/contract.ts';
import { usePages } from '../../api/query.ts';
import { type Column, DataList } from '../../parts/data-list.tsx';
import { ConfirmDialog } from '../../parts/dialogs.tsx';
import { Facts, Fields } from '../../parts/fields.tsx';
import { Page as PageFrame } from '../../parts/page.tsx';
import { Trouble } from '../../parts/states.tsx';
import { DateTime, TimeAgo } from '../../parts/time.tsx';
import { useNotify } from '../../parts/toasts.tsx';
import { useDeed } from '../../parts/use-deed.ts';
import { useSession } from '../../shell/session.ts';
import { MIN_PASSWORD, PasswordField } from './account-panel.tsx';
import { NewToken } from './new-token.tsx';

const useStyles = makeStyles({
  section: { marginTop: '28px' },
  heading: { margin: '0 0 8px', fontSize: tokens.fontSizeBase400, fontWeight: tokens.fontWeightSemibold },
  secret: { overflowWrap: 'anywhere', userSelect: 'all' },
});

/** One's own account: roles, password, API tokens. */
export function Page() {
  const styles = useStyles();
  const { t } = useTranslation();
  const { account } = useSession();
  return (
    <PageFrame title={t('accounts.mine')}>
      <Facts
        facts={[
          [t('accounts.name'), account.name],
          [t('mailboxes.displayName'), account.displayName],
          [t('accounts.roles'), account.roles.map((role) => t(`accounts.role.${role}`)).join(', ')],
          ...(account.mailbox === null ? [] : [[t('callLog.mailbox'), account.mailbox] as const]),
        ]}
      />
      {account.signedInBy === 'password' && (
        <section className={styles.section} aria-labelledby="password">
          <h2 id="password" className={styles.heading}>
            {t('accounts.changePassword')}
          </h2>
          <ChangePassword />
        </section>
      )}
      <section className={styles.section} aria-labelledby="tokens">
        <h2 id="tokens" className={styles.heading}>
          {t('accounts.tokens')}
        </h2>
        <Tokens />
      </section>
    </PageFrame>
  );
}

function ChangePassword() {
  const { t } = useTranslation();
  const notify = useNotify();
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const change = useDeed(async () => {
    await call('changePassword', { body: { current, password } });
    notify(t('accounts.passwordChanged'));
    setCurrent('');
    setPassword('');
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.run();
      }}
    >
      <Fields>
        {change.error !== null && <Trouble error={change.error} />}
        <PasswordField label={t('accounts.currentPassword')} isCurrent value={current} set={setCurrent} />
        <PasswordField
          label={t('accounts.newPassword')}
          hint={t('accounts.passwordHint', { min: MIN_PASSWORD })}
          value={password}
          set={setPassword}
        />
        <div>
          <Button type="submit" disabledFocusable={current === '' || password.length < MIN_PASSWORD || change.isBusy}>
            {t('accounts.changePassword')}
          </Button>
        </div>
      </Fields>
    </form>
  );
}

function Tokens() {
  const styles = useStyles();
  const { t } = useTranslation();
  const list = usePages('tokens', {});
  const [isNew, setNew] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const [revoked, setRevoked] = useState<Token | null>(null);
  const revoke = useDeed(async () => {
    if (revoked !== null) await call('removeToken', { params: { id: revoked.id } });
    setRevoked(null);
  });
  const columns: Column<Token>[] = [
    { id: 'name', label: t('system.name'), render: ({ name }) => name },
    { id: 'scopes', label: t('accounts.scopes'), render: ({ scopes }) => scopes.join(', ') },
    {
      id: 'expires',
      label: t('accounts.expires'),
      render: ({ expiresAt }) => (expiresAt === null ? t('accounts.neverExpires') : <DateTime at={expiresAt} />),
      wideOnly: true,
    },
    {
      id: 'used',
      label: t('accounts.lastUsed'),
      render: ({ lastUsedAt }) => (lastUsedAt === null ? t('accounts.never') : <TimeAgo at={lastUsedAt} />),
      wideOnly: true,
    },
    {
      id: 'revoke',
      label: t('accounts.revoke'),
      render: (token) => (
        <Button size="small" onClick={() => setRevoked(token)}>
          {t('accounts.revoke')}
        </Button>
      ),
    },
  ];
  return (
    <>
      {secret !== null && (
        <MessageBar intent="success" layout="multiline">
          <MessageBarBody>
            <MessageBarTitle>{t('accounts.tokenMade')}</MessageBarTitle> <code className={styles.secret}>{secret}</code>
          </MessageBarBody>
        </MessageBar>
      )}
      <DataList<Token>
        label={t('accounts.tokens')}
        rows={list.items}
        rowKey={({ id }) => id}
        isLoading={list.isPending}
        error={list.error}
        empty={t('accounts.noTokens')}
        columns={columns}
      />
      <Button onClick={() => setNew(true)}>{t('accounts.newToken')}</Button>
      {isNew && <NewToken made={setSecret} close={() => setNew(false)} />}
      {revoked !== null && (
        <ConfirmDialog
          title={t('accounts.revokeTitle', { name: revoked.name })}
          text={t('accounts.revokeText')}
          action={t('accounts.revoke')}
          isBusy={revoke.isBusy}
          error={revoke.error}
          confirm={() => revoke.run()}
          cancel={() => setRevoked(null)}
        />
      )}
    </>
  );
}
