import { makeStyles, tokens } from '@fluentui/react-components';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import type { Call } from '../api/contract.ts';
import type { Column } from './data-list.tsx';
import { TimeAgo } from './time.tsx';

const SECOND_MS = 1000;

const useStyles = makeStyles({
  number: { whiteSpace: 'nowrap' },
  second: {
    whiteSpace: 'nowrap',
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
  },
});

/** Who called: name and number, or that they hide it. */
export function Caller({ caller }: Pick<Call, 'caller'>) {
  const styles = useStyles();
  const { t } = useTranslation();
  const { displayName = null, number = null } = caller ?? {};
  if (displayName === null || displayName === number)
    return <span className={styles.number}>{number ?? t('calls.hidden')}</span>;
  return (
    <>
      {displayName}
      {number !== null && <div className={styles.second}>{number}</div>}
    </>
  );
}

const CAUSES = [
  'no-answer',
  'busy',
  'declined',
  'caller-hung-up',
  'unreachable',
  'voicemail-abandoned',
  'voicemail-blank',
  'interrupted',
] as const;

/** Why nobody answered; a cause that has no words here stands as the gateway names it. */
export function causeText(t: TFunction, cause: string | null): string {
  const known = CAUSES.find((one) => one === cause);
  return known === undefined ? (cause ?? '') : t(`calls.causes.${known}`);
}

/** What became of the mail. */
export function noticeText(t: TFunction, { decision, notification }: Pick<Call, 'decision' | 'notification'>): string {
  if (decision === null) return t('calls.decisions.pending');
  return t(`calls.decisions.${decision === 'skip' ? 'skip' : (notification ?? 'pending')}`);
}

/** Columns of a list of missed calls. */
export function useMissedCallColumns(): {
  readonly [Id in 'when' | 'caller' | 'called' | 'rang' | 'cause' | 'notice']: Column<Call>;
} {
  const { t } = useTranslation();
  return {
    when: { id: 'when', label: t('calls.when'), render: ({ startedAt }) => <TimeAgo at={startedAt} /> },
    caller: { id: 'caller', label: t('calls.caller'), render: ({ caller }) => <Caller caller={caller} /> },
    called: {
      id: 'called',
      label: t('calls.called'),
      render: ({ callee, group }) => (group === null ? callee : `${callee} ${t('calls.group', { group })}`),
    },
    rang: {
      id: 'rang',
      label: t('calls.rang'),
      render: ({ rangMs }) =>
        rangMs === null ? t('calls.notRung') : t('parts.seconds', { seconds: Math.round(rangMs / SECOND_MS) }),
      wideOnly: true,
    },
    cause: { id: 'cause', label: t('calls.cause'), render: ({ cause }) => causeText(t, cause) },
    notice: { id: 'notice', label: t('calls.notice'), render: (call) => noticeText(t, call), wideOnly: true },
  };
}
