import {
  Button,
  makeStyles,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
  Spinner,
  tokens,
} from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiProblem } from '../api/problem.ts';

const useStyles = makeStyles({
  loading: { display: 'grid', placeItems: 'center', minHeight: '240px' },
  empty: {
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'center',
    gap: '12px',
    padding: '40px 16px',
    textAlign: 'center',
    color: tokens.colorNeutralForeground3,
  },
  errors: { margin: '4px 0 0', paddingInlineStart: '18px' },
});

export function LoadingPage() {
  const styles = useStyles();
  const { t } = useTranslation();
  return (
    <div className={styles.loading}>
      <Spinner label={t('parts.loading')} size="small" delay={300} />
    </div>
  );
}

interface LoadedProps<Data> {
  readonly query: {
    readonly data: Data | undefined;
    readonly error: Error | null;
    readonly refetch: () => Promise<unknown>;
  };
  readonly children: (data: Data) => ReactNode;
}

/** What was asked for, once it is there; until then that it is coming, or why it is not. */
export function Loaded<Data>({ query: { data, error, refetch }, children }: LoadedProps<Data>) {
  if (data !== undefined) return children(data);
  return error === null ? <LoadingPage /> : <Trouble error={error} retry={() => void refetch()} />;
}

/** There is nothing to show; `children` is what may be done about it. */
export function Empty({ text, children }: { readonly text: string; readonly children?: ReactNode }) {
  const styles = useStyles();
  return (
    <div className={styles.empty}>
      <span>{text}</span>
      {children}
    </div>
  );
}

/** What the title of a problem is, in the viewer's language; what the server said stands below it. */
const TITLES = [400, 401, 403, 404, 409, 412, 422, 429, 503, 0] as const;

/** Something did not work: what, why, what to do. */
export function Trouble({ error, retry }: { readonly error: Error; readonly retry?: () => void }) {
  const styles = useStyles();
  const { t } = useTranslation();
  const status = error instanceof ApiProblem ? error.status : null;
  const known = TITLES.find((title) => title === status);
  const errors = error instanceof ApiProblem ? error.errors : [];
  return (
    <MessageBar intent="error" layout="multiline" role="alert">
      <MessageBarBody>
        <MessageBarTitle>{t(known === undefined ? 'parts.trouble.other' : `parts.trouble.s${known}`)}</MessageBarTitle>
        {status !== 0 && error.message}
        {errors.length > 0 && (
          <ul className={styles.errors}>
            {errors.map(({ path, message, remedy }) => (
              <li key={path + message}>
                {path !== '' && <code>{path}</code>} {message} {remedy}
              </li>
            ))}
          </ul>
        )}
      </MessageBarBody>
      {retry !== undefined && (
        <MessageBarActions>
          <Button size="small" onClick={retry}>
            {t('parts.retry')}
          </Button>
        </MessageBarActions>
      )}
    </MessageBar>
  );
}
