import { Badge, makeStyles, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { useParams } from 'react-router';
import type { CallDetails } from '../../api/contract.ts';
import { useRead } from '../../api/query.ts';
import { Caller, causeText, noticeText } from '../../parts/calls.tsx';
import { type Column, DataList } from '../../parts/data-list.tsx';
import { Facts } from '../../parts/fields.tsx';
import { PageLink } from '../../parts/link.tsx';
import { Page as PageFrame } from '../../parts/page.tsx';
import { Loaded } from '../../parts/states.tsx';
import { DateTime } from '../../parts/time.tsx';
import { notificationPath } from '../mail/paths.ts';
import { CALLS } from './paths.ts';
import { outcomeText, reasonText } from './words.ts';

const SECOND_MS = 1000;
const STRENGTHS = { certain: 'success', strong: 'informative', weak: 'warning' } as const;
type Evidence = CallDetails['evidence'][number];

const useStyles = makeStyles({
  section: { marginTop: '24px' },
  heading: { margin: '0 0 8px', fontSize: tokens.fontSizeBase400, fontWeight: tokens.fontWeightSemibold },
  trace: {
    margin: 0,
    paddingInlineStart: '22px',
    maxWidth: '90ch',
    '& li': { padding: '3px 0', overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' },
  },
  verdict: { display: 'flex', flexWrap: 'wrap', gap: '8px', alignItems: 'center', margin: '0 0 12px' },
  error: { color: tokens.colorPaletteRedForeground1 },
});

/** One call: what was seen, how it was judged, what was decided, what became of each mail. */
export function Page() {
  const { t, i18n } = useTranslation();
  const { id = '' } = useParams();
  const call = useRead('call', { params: { id }, query: { language: i18n.language === 'fr' ? 'fr' : 'en' } });
  return (
    <PageFrame
      title={t('callLog.callTitle')}
      kind={t('callLog.call')}
      crumbs={[{ label: t('callLog.title'), to: `${CALLS}/log` }]}
    >
      <Loaded query={call}>{({ body }) => <Details call={body} />}</Loaded>
    </PageFrame>
  );
}

function Details({ call }: { readonly call: CallDetails }) {
  const styles = useStyles();
  const { t } = useTranslation();
  const cause = causeText(t, call.cause);
  return (
    <>
      <p className={styles.verdict}>
        <Badge size="large" appearance="tint" color={call.outcome === 'missed' ? 'danger' : 'informative'}>
          {outcomeText(t, call.outcome)}
        </Badge>
        {cause}
        {call.decision !== null && (
          <Badge size="large" appearance="tint" color={call.notification === 'sent' ? 'success' : 'subtle'}>
            {call.decision === 'notify' ? noticeText(t, call) : t('callLog.notNotified')}
          </Badge>
        )}
        {call.decision === 'skip' && reasonText(t, call.reason)}
      </p>
      <Facts facts={useFacts(call)} />
      <section className={styles.section} aria-labelledby="why">
        <h2 id="why" className={styles.heading}>
          {t(call.decision === 'notify' ? 'callLog.why' : 'callLog.whyNot')}
        </h2>
        <ol className={styles.trace}>
          {call.explanation.map((line, index) => (
            // Lines have no other name than their place.
            // oxlint-disable-next-line react/no-array-index-key
            <li key={index}>{line}</li>
          ))}
        </ol>
      </section>
      <section className={styles.section} aria-labelledby="evidence">
        <h2 id="evidence" className={styles.heading}>
          {t('callLog.evidence')}
        </h2>
        <EvidenceList evidence={call.evidence} />
      </section>
      <section className={styles.section} aria-labelledby="decisions">
        <h2 id="decisions" className={styles.heading}>
          {t('callLog.decisions')}
        </h2>
        <Decisions decisions={call.decisions} />
      </section>
    </>
  );
}

function useFacts(call: CallDetails) {
  const { t } = useTranslation();
  const seconds = (ms: number) => t('parts.seconds', { seconds: Math.round(ms / SECOND_MS) });
  return [
    [t('calls.when'), <DateTime key="at" at={call.startedAt} />],
    [t('calls.caller'), <Caller key="caller" caller={call.caller} />],
    [t('calls.called'), call.callee],
    ...(call.mailbox === null ? [] : [[t('callLog.mailbox'), call.mailbox] as const]),
    ...(call.group === null ? [] : [[t('callLog.group'), call.group] as const]),
    [t('calls.rang'), call.rangMs === null ? t('calls.notRung') : seconds(call.rangMs)],
    ...(call.pendingUntil === null
      ? []
      : [[t('callLog.pendingUntil'), <DateTime key="until" at={call.pendingUntil} />] as const]),
    [t('callLog.peer'), call.peer],
    [t('callLog.node'), call.node],
    ...(call.callId === '' ? [] : [[t('callLog.callId'), call.callId] as const]),
    [t('callLog.id'), call.id],
  ] as const;
}

function EvidenceList({ evidence }: { readonly evidence: readonly Evidence[] }) {
  const { t } = useTranslation();
  const columns: Column<Evidence & { readonly key: string }>[] = [
    { id: 'at', label: t('calls.when'), render: ({ at }) => <DateTime at={at} />, wideOnly: true },
    { id: 'kind', label: t('callLog.what'), render: ({ kind, detail }) => <Detail kind={kind} detail={detail} /> },
    { id: 'source', label: t('callLog.source'), render: ({ source }) => source, wideOnly: true },
    {
      id: 'strength',
      label: t('callLog.strength'),
      render: ({ strength }) => (
        <Badge appearance="tint" color={STRENGTHS[strength]}>
          {t(`callLog.strengths.${strength}`)}
        </Badge>
      ),
    },
  ];
  const rows = evidence.map((one, index) => ({ ...one, key: String(index) }));
  return (
    <DataList
      label={t('callLog.evidence')}
      rows={rows}
      rowKey={({ key }) => key}
      empty={t('parts.none')}
      columns={columns}
    />
  );
}

function Detail({ kind, detail }: { readonly kind: string; readonly detail: string }) {
  return (
    <>
      <strong>{kind}</strong> {detail}
    </>
  );
}

function Decisions({ decisions }: { readonly decisions: CallDetails['decisions'] }) {
  const styles = useStyles();
  const { t } = useTranslation();
  const columns: Column<CallDetails['decisions'][number]>[] = [
    { id: 'mailbox', label: t('callLog.mailbox'), render: ({ mailbox }) => mailbox ?? t('parts.none') },
    {
      id: 'decision',
      label: t('callLog.decision'),
      render: ({ decision, reason, detail }) =>
        `${t(decision === 'notify' ? 'callLog.notifiedFor' : 'callLog.notNotifiedFor', { reason: reasonText(t, reason) })}${detail === null ? '' : ` (${detail})`}`,
    },
    {
      id: 'mails',
      label: t('calls.notice'),
      render: ({ notifications }) =>
        notifications.map(({ id, state, attempts, lastError }) => (
          <div key={id}>
            <PageLink to={notificationPath(id)}>{t(`calls.decisions.${state}`)}</PageLink>{' '}
            {t('mail.attempts', { count: attempts })}
            {lastError !== null && <div className={styles.error}>{lastError}</div>}
          </div>
        )),
    },
  ];
  return (
    <DataList
      label={t('callLog.decisions')}
      rows={decisions}
      rowKey={({ mailbox, reason }) => `${mailbox} ${reason}`}
      empty={t('callLog.undecided')}
      columns={columns}
    />
  );
}
