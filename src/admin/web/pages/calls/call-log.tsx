import { Link } from '@fluentui/react-components';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { address } from '../../api/call.ts';
import type { Asked, Call } from '../../api/contract.ts';
import { usePages } from '../../api/query.ts';
import { causeText, useMissedCallColumns } from '../../parts/calls.tsx';
import { type Column, DataList, moreOf } from '../../parts/data-list.tsx';
import { ChoiceFilter, Filters, instantOf, TextFilter } from '../../parts/filters.tsx';
import { PageLink } from '../../parts/link.tsx';
import { Page as PageFrame } from '../../parts/page.tsx';
import { DateTime } from '../../parts/time.tsx';
import { callPath } from './paths.ts';
import { OUTCOMES, outcomeText, type OutcomeWord, reasonText } from './words.ts';

type Query = NonNullable<Asked<'calls'>['query']>;

/** Every call, newest first, and how each ended. */
export function Page() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [number, setNumber] = useState('');
  const [mailbox, setMailbox] = useState('');
  const [outcome, setOutcome] = useState<OutcomeWord | ''>('');
  const [decision, setDecision] = useState<'' | 'notify' | 'skip'>('');
  const query = useMemo((): Query => {
    const [since, until] = [instantOf(from), instantOf(to)];
    return {
      ...(since !== undefined && { from: since }),
      ...(until !== undefined && { to: until }),
      ...(number !== '' && { number }),
      ...(mailbox !== '' && { mailbox }),
      ...(outcome !== '' && { outcome }),
      ...(decision !== '' && { decision }),
    };
  }, [from, to, number, mailbox, outcome, decision]);
  const list = usePages('calls', { query });
  const { caller, called, rang, notice } = useMissedCallColumns();
  const columns: Column<Call>[] = [
    {
      id: 'when',
      label: t('calls.when'),
      render: ({ id, startedAt }) => (
        <PageLink to={callPath(id)}>
          <DateTime at={startedAt} />
        </PageLink>
      ),
    },
    caller,
    called,
    { ...rang, wideOnly: true },
    {
      id: 'outcome',
      label: t('callLog.outcome'),
      render: ({ outcome: verdict, cause }) =>
        [outcomeText(t, verdict), causeText(t, cause)].filter((text) => text !== '').join(' · '),
    },
    {
      ...notice,
      render: (row) => (
        <PageLink to={callPath(row.id)}>
          {row.decision === 'skip'
            ? t('callLog.notNotifiedFor', { reason: reasonText(t, row.reason) })
            : notice.render(row)}
        </PageLink>
      ),
    },
  ];
  const isFiltered = Object.keys(query).length > 0;
  return (
    <PageFrame title={t('callLog.title')}>
      <Filters label={t('callLog.filter')}>
        <TextFilter label={t('callLog.from')} type="datetime-local" set={setFrom} />
        <TextFilter label={t('callLog.to')} type="datetime-local" set={setTo} />
        <TextFilter label={t('callLog.number')} set={setNumber} />
        <TextFilter label={t('callLog.mailbox')} set={setMailbox} />
        <ChoiceFilter
          label={t('callLog.outcome')}
          value={outcome}
          set={setOutcome}
          choices={[
            { value: '', label: t('callLog.any') },
            ...OUTCOMES.map((value) => ({ value, label: t(`callLog.outcomes.${value}`) })),
          ]}
        />
        <ChoiceFilter
          label={t('calls.notice')}
          value={decision}
          set={setDecision}
          choices={[
            { value: '', label: t('callLog.any') },
            { value: 'notify', label: t('callLog.notified') },
            { value: 'skip', label: t('callLog.notNotified') },
          ]}
        />
        <Link href={address('exportCalls', { query })} download>
          {t('callLog.export')}
        </Link>
      </Filters>
      <DataList<Call>
        label={t('callLog.title')}
        rows={list.items}
        rowKey={({ id }) => id}
        isLoading={list.isPending}
        error={list.error}
        retry={() => void list.refetch()}
        empty={t(isFiltered ? 'callLog.noneFound' : 'callLog.none')}
        {...(list.hasNextPage && { emptyAction: <More list={list} label={t('callLog.further')} /> })}
        open={({ id }) => void navigate(callPath(id))}
        more={moreOf(list)}
        columns={columns}
      />
    </PageFrame>
  );
}

/** Of a rare thing a page of the log may have none, and a later one some. */
function More({ list, label }: { readonly list: Parameters<typeof moreOf>[0]; readonly label: string }) {
  return (
    <Link as="button" onClick={() => void list.fetchNextPage()} disabled={list.isFetchingNextPage}>
      {label}
    </Link>
  );
}
