import { makeStyles, tokens } from '@fluentui/react-components';
import { type ReactNode, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useRead } from '../../api/query.ts';
import { PHONE } from '../../parts/screen.ts';
import { Preferences } from '../../shell/preferences.tsx';

const useStyles = makeStyles({
  screen: {
    minHeight: '100dvh',
    display: 'flex',
    flexDirection: 'column',
    backgroundColor: tokens.colorNeutralBackground3,
  },
  bar: {
    display: 'flex',
    alignItems: 'center',
    height: '48px',
    padding: '0 12px 0 20px',
    backgroundColor: '#0b3a63',
    color: '#ffffff',
    fontSize: tokens.fontSizeBase400,
    fontWeight: tokens.fontWeightSemibold,
  },
  name: { flexGrow: 1 },
  preferences: {
    color: '#ffffff',
    ':hover': { color: '#ffffff', backgroundColor: '#1c5286' },
    ':hover:active': { color: '#ffffff', backgroundColor: '#1c5286' },
    '& .fui-Button__icon': { color: 'inherit' },
  },
  main: { flexGrow: 1, display: 'grid', placeItems: 'center', padding: '24px 16px' },
  card: {
    boxSizing: 'border-box',
    width: '100%',
    maxWidth: '420px',
    padding: '28px 32px 32px',
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusLarge,
    [PHONE]: { padding: '20px 20px 24px' },
  },
  title: {
    margin: 0,
    fontSize: tokens.fontSizeBase600,
    lineHeight: tokens.lineHeightBase600,
    fontWeight: tokens.fontWeightSemibold,
  },
  text: { margin: '4px 0 16px', color: tokens.colorNeutralForeground2 },
  foot: {
    padding: '0 16px 16px',
    textAlign: 'center',
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground3,
  },
});

/** The frame of the pages before the sign-in. */
export function EntranceFrame({
  title,
  text,
  children,
}: {
  readonly title: string;
  readonly text: string;
  readonly children: ReactNode;
}) {
  const styles = useStyles();
  const { t } = useTranslation();
  const { data } = useRead('entrance', {});
  useEffect(() => {
    document.title = `${title} - ${t('shell.product')}`;
  }, [title, t]);
  return (
    <div className={styles.screen}>
      <header className={styles.bar}>
        <span className={styles.name}>{t('shell.product')}</span>
        <Preferences className={styles.preferences} />
      </header>
      <main className={styles.main}>
        <div className={styles.card}>
          <h1 className={styles.title}>{title}</h1>
          <p className={styles.text}>{text}</p>
          {children}
        </div>
      </main>
      {data !== undefined && (
        <footer className={styles.foot}>
          {data.body.product.name} {data.body.product.version}
        </footer>
      )}
    </div>
  );
}
