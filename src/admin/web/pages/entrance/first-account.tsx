import { Button, Field, Input, makeStyles } from '@fluentui/react-components';
import { type SubmitEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation, useNavigate } from 'react-router';
import { call } from '../../api/call.ts';
import { useRead } from '../../api/query.ts';
import { Trouble } from '../../parts/states.tsx';
import { useEnter } from '../../shell/session.ts';
import { EntranceFrame } from './entrance-frame.tsx';

const MIN_PASSWORD = 12;
const NAME = /^[\p{L}\p{N}._@-]{1,64}$/u;

const useStyles = makeStyles({
  stack: { display: 'flex', flexDirection: 'column', gap: '14px' },
  submit: { marginTop: '6px' },
});

/** `/first-account#SECRET`: what stands after # is never sent with the request for the page, so that no log has it. */
export function Page() {
  const { t } = useTranslation();
  const { hash } = useLocation();
  const { data } = useRead('entrance', {});
  const secret = hash.slice(1);
  return (
    <EntranceFrame title={t('entrance.firstTitle')} text={t('entrance.firstText')}>
      {data?.body.firstAccountMissing === false && (
        <p>
          {t('entrance.alreadyThere')} <Link to="/sign-in">{t('entrance.signIn')}</Link>
        </p>
      )}
      {data?.body.firstAccountMissing === true &&
        (secret === '' ? <p role="alert">{t('entrance.noSecret')}</p> : <AccountForm secret={secret} />)}
    </EntranceFrame>
  );
}

function AccountForm({ secret }: { readonly secret: string }) {
  const styles = useStyles();
  const { t } = useTranslation();
  const enter = useEnter();
  const navigate = useNavigate();
  const [fields, setFields] = useState({ name: '', displayName: '', password: '', repeat: '' });
  const [isTried, setTried] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const mistakes = {
    name: NAME.test(fields.name.trim()) ? null : t('entrance.badName'),
    displayName: fields.displayName.trim() === '' ? t('entrance.missing') : null,
    password: fields.password.length < MIN_PASSWORD ? t('entrance.short') : null,
    repeat: fields.repeat === fields.password ? null : t('entrance.differ'),
  };
  const create = async (event: SubmitEvent) => {
    event.preventDefault();
    setTried(true);
    if (Object.values(mistakes).some((mistake) => mistake !== null)) return;
    setBusy(true);
    setError(null);
    try {
      const { name, displayName, password } = fields;
      const { body } = await call('firstAccount', {
        body: { secret, name: name.trim(), displayName: displayName.trim(), password },
      });
      enter(body);
      await navigate('/', { replace: true });
    } catch (failure) {
      setError(failure instanceof Error ? failure : new Error(String(failure)));
    } finally {
      setBusy(false);
    }
  };
  const field = (key: keyof typeof fields, label: string, autoComplete: string) => (
    <Field label={label} required {...(isTried && mistakes[key] !== null && { validationMessage: mistakes[key] })}>
      <Input
        type={key === 'password' || key === 'repeat' ? 'password' : 'text'}
        autoComplete={autoComplete}
        value={fields[key]}
        onChange={(_, { value }) => setFields({ ...fields, [key]: value })}
      />
    </Field>
  );
  return (
    <form className={styles.stack} onSubmit={(event) => void create(event)} noValidate>
      {error !== null && <Trouble error={error} />}
      {field('name', t('entrance.name'), 'username')}
      {field('displayName', t('entrance.displayName'), 'name')}
      {field('password', t('entrance.newPassword'), 'new-password')}
      {field('repeat', t('entrance.repeat'), 'new-password')}
      <Button type="submit" appearance="primary" className={styles.submit} disabledFocusable={isBusy}>
        {t('entrance.create')}
      </Button>
    </form>
  );
}
