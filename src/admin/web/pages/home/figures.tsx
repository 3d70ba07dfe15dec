import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useRead } from '../../api/query.ts';
import { useMay } from '../../shell/session.ts';

const EVERY_MS = 10_000;

const useStyles = makeStyles({
  figures: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(130px, 1fr))',
    gap: '1px',
    margin: 0,
    backgroundColor: tokens.colorNeutralStroke2,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
    overflow: 'hidden',
  },
  figure: {
    display: 'flex',
    flexDirection: 'column-reverse',
    justifyContent: 'flex-end',
    padding: '10px 14px',
    backgroundColor: tokens.colorNeutralBackground1,
  },
  name: { fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
  value: {
    margin: 0,
    fontSize: tokens.fontSizeHero700,
    lineHeight: tokens.lineHeightHero700,
    fontWeight: tokens.fontWeightSemibold,
    fontVariantNumeric: 'tabular-nums',
  },
  bad: { color: tokens.colorPaletteRedForeground1 },
});

/** Numbers of now and of today, the viewer's day. */
export function Figures() {
  const styles = useStyles();
  const { t } = useTranslation();
  const may = useMay();
  const from = useMemo(startOfDay, []);
  const options = { everyMs: EVERY_MS };
  const live = useRead('liveCalls', {}, { ...options, enabled: may('calls.read') });
  const report = useRead('missedReport', { query: { by: 'day', from } }, { ...options, enabled: may('reports.read') });
  const mails = useRead('notifications', { query: { limit: 1 } }, { ...options, enabled: may('notifications.read') });
  const policy = useRead('policy', {}, { ...options, enabled: may('policy.read') });
  const rows = report.data?.body.rows;
  const sum = (key: 'missed' | 'notified') => rows?.reduce((total, row) => total + row[key], 0);
  const counts = mails.data?.body.counts;
  return (
    <dl className={styles.figures}>
      {may('calls.read') && <Figure name={t('home.liveCalls')} value={live.data?.body.total} />}
      {may('reports.read') && <Figure name={t('home.missedToday')} value={sum('missed')} />}
      {may('reports.read') && <Figure name={t('home.notifiedToday')} value={sum('notified')} />}
      {may('notifications.read') && <Figure name={t('home.due')} value={counts && counts.due + counts.claimed} />}
      {may('notifications.read') && <Figure name={t('home.dead')} value={counts?.dead} isBad={counts?.dead !== 0} />}
      {may('policy.read') && <Figure name={t('home.mailboxes')} value={policy.data?.body.mailboxCount} />}
    </dl>
  );
}

interface FigureProps {
  readonly name: string;
  readonly value: number | undefined;
  readonly isBad?: boolean;
}

function Figure({ name, value, isBad = false }: FigureProps) {
  const styles = useStyles();
  const { i18n } = useTranslation();
  return (
    <div className={styles.figure}>
      <dt className={styles.name}>{name}</dt>
      <dd className={mergeClasses(styles.value, isBad && value !== undefined && styles.bad)}>
        {value === undefined ? '–' : value.toLocaleString(i18n.language)}
      </dd>
    </div>
  );
}

function startOfDay(): string {
  const day = new Date();
  day.setHours(0, 0, 0, 0);
  return day.toISOString();
}
