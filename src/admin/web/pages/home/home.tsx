import { makeStyles, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { Navigate } from 'react-router';
import { Page as PageFrame } from '../../parts/page.tsx';
import { PHONE } from '../../parts/screen.ts';
import { useMay } from '../../shell/session.ts';
import { Figures } from './figures.tsx';
import { GatewayState } from './gateway-state.tsx';
import { LastMissed } from './last-missed.tsx';

const useStyles = makeStyles({
  columns: {
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 3fr) minmax(0, 2fr)',
    gap: '24px 32px',
    marginTop: '20px',
    [PHONE]: { gridTemplateColumns: 'minmax(0, 1fr)' },
  },
  heading: {
    margin: '0 0 8px',
    fontSize: tokens.fontSizeBase400,
    lineHeight: tokens.lineHeightBase400,
    fontWeight: tokens.fontWeightSemibold,
  },
});

/** What is so now. Whoever has only an own mailbox comes to that. */
export function Page() {
  const styles = useStyles();
  const { t } = useTranslation();
  const may = useMay();
  if (!may('status.read')) return <Navigate to="/my-calls" replace />;
  return (
    <PageFrame title={t('home.title')}>
      <Figures />
      <div className={styles.columns}>
        {may('calls.read') && (
          <section aria-label={t('home.lastMissed')}>
            <h2 className={styles.heading}>{t('home.lastMissed')}</h2>
            <LastMissed />
          </section>
        )}
        <GatewayState headingClass={styles.heading} />
      </div>
    </PageFrame>
  );
}
