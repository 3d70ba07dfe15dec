import { Button, Divider, Field, Input, makeStyles, MessageBar, MessageBarBody } from '@fluentui/react-components';
import { type SubmitEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate, useSearchParams } from 'react-router';
import { address, call } from '../../api/call.ts';
import type { Entrance } from '../../api/contract.ts';
import { ApiProblem } from '../../api/problem.ts';
import { useRead } from '../../api/query.ts';
import { LoadingPage, Trouble } from '../../parts/states.tsx';
import { useEnter } from '../../shell/session.ts';
import { EntranceFrame } from './entrance-frame.tsx';

const useStyles = makeStyles({
  stack: { display: 'flex', flexDirection: 'column', gap: '14px' },
  submit: { marginTop: '6px' },
});

export function Page() {
  const { t } = useTranslation();
  const { data, error, refetch } = useRead('entrance', {});
  return (
    <EntranceFrame title={t('entrance.signIn')} text={t('entrance.signInText')}>
      {data === undefined &&
        (error === null ? <LoadingPage /> : <Trouble error={error} retry={() => void refetch()} />)}
      {data !== undefined && <Ways entrance={data.body} />}
    </EntranceFrame>
  );
}

function Ways({ entrance: { firstAccountMissing, passwords, oidc } }: { readonly entrance: Entrance }) {
  const styles = useStyles();
  const { t } = useTranslation();
  const [search] = useSearchParams();
  return (
    <div className={styles.stack}>
      {firstAccountMissing && <Note text={t('entrance.firstMissing')} />}
      {search.has('failed') && <Note text={t('entrance.oidcFailed')} isError />}
      {!passwords && oidc.length === 0 && <Note text={t('entrance.nothing')} isError />}
      {passwords && <PasswordForm />}
      {passwords && oidc.length > 0 && <Divider>{t('entrance.or')}</Divider>}
      {oidc.map(({ id, name }) => (
        <Button key={id} as="a" href={address('oidcStart', { params: { id } })}>
          {t('entrance.oidc', { provider: name })}
        </Button>
      ))}
    </div>
  );
}

function Note({ text, isError = false }: { readonly text: string; readonly isError?: boolean }) {
  return (
    <MessageBar intent={isError ? 'error' : 'info'} layout="multiline">
      <MessageBarBody>{text}</MessageBarBody>
    </MessageBar>
  );
}

function PasswordForm() {
  const styles = useStyles();
  const { t } = useTranslation();
  const enter = useEnter();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const signIn = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const { body } = await call('signIn', { body: { name: name.trim(), password } });
      enter(body);
      await navigate(within(search.get('to')), { replace: true });
    } catch (failure) {
      setPassword('');
      setError(failure instanceof Error ? failure : new Error(String(failure)));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className={styles.stack} onSubmit={(event) => void signIn(event)}>
      {error instanceof ApiProblem && error.status === 401 ? (
        <MessageBar intent="error" role="alert">
          <MessageBarBody>{t('entrance.refused')}</MessageBarBody>
        </MessageBar>
      ) : (
        error !== null && <Trouble error={error} />
      )}
      <Field label={t('entrance.name')} required>
        <Input autoComplete="username" autoFocus value={name} onChange={(_, { value }) => setName(value)} />
      </Field>
      <Field label={t('entrance.password')} required>
        <Input
          type="password"
          autoComplete="current-password"
          value={password}
          onChange={(_, { value }) => setPassword(value)}
        />
      </Field>
      <Button type="submit" appearance="primary" className={styles.submit} disabledFocusable={isBusy}>
        {t('entrance.signIn')}
      </Button>
    </form>
  );
}

/** Where to go after the sign-in: within this site only, whatever the address says. */
function within(to: string | null): string {
  return to !== null && /^\/(?![/\\])/.test(to) ? to : '/';
}
