import { makeStyles, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { Page as PageFrame } from '../../parts/page.tsx';
import { PHONE } from '../../parts/screen.ts';
import { useMay } from '../../shell/session.ts';
import { Figures } from './figures.tsx';
import { GatewayState } from './gateway-state.tsx';
import { LastMissed } from './last-missed.tsx';

const useStyles = makeStyles({
  columns: {
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 5fr) minmax(0, 3fr)',
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

/** What is so now. */
export function Page() {
  const styles = useStyles();
  const { t } = useTranslation();
  const may = useMay();
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
