import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Unreturned } from '../../api/contract.ts';
import { useRead } from '../../api/query.ts';
import { Caller } from '../../parts/calls.tsx';
import { type Column, DataList } from '../../parts/data-list.tsx';
import { ChoiceFilter, Filters, TextFilter } from '../../parts/filters.tsx';
import { PageLink } from '../../parts/link.tsx';
import { Page as PageFrame } from '../../parts/page.tsx';
import { TimeAgo } from '../../parts/time.tsx';
import { callPath } from '../calls/paths.ts';
import { type Span, SPANS, timesOf } from './spans.ts';

/** Who called in vain and is still waiting. */
export function Page() {
  const { t } = useTranslation();
  const [span, setSpan] = useState<Span>('week');
  const [mailbox, setMailbox] = useState('');
  const times = useMemo(() => timesOf(span), [span]);
  const query = { ...times, ...(mailbox !== '' && { mailbox }) };
  const { data, error, isPending, refetch } = useRead('unreturned', { query });
  const columns: Column<Unreturned>[] = [
    {
      id: 'caller',
      label: t('calls.caller'),
      render: ({ caller, displayName }) => <Caller caller={{ number: caller, displayName }} />,
    },
    { id: 'mailbox', label: t('callLog.mailbox'), render: (row) => row.mailbox },
    { id: 'missed', label: t('reports.missed'), render: ({ missed }) => missed, isNumber: true },
    {
      id: 'last',
      label: t('reports.last'),
      render: ({ lastAt, lastCall }) => (
        <PageLink to={callPath(lastCall)}>
          <TimeAgo at={lastAt} />
        </PageLink>
      ),
    },
  ];
  return (
    <PageFrame title={t('reports.unreturned')} description={t('reports.unreturnedText')}>
      <Filters label={t('callLog.filter')}>
        <ChoiceFilter
          label={t('reports.span')}
          value={span}
          set={setSpan}
          choices={SPANS.map((value) => ({ value, label: t(`reports.spans.${value}`) }))}
        />
        <TextFilter label={t('callLog.mailbox')} set={setMailbox} />
      </Filters>
      <DataList<Unreturned>
        label={t('reports.unreturned')}
        rows={data?.body.rows ?? []}
        rowKey={({ mailbox: of, caller }) => `${of} ${caller}`}
        isLoading={isPending}
        error={error}
        retry={() => void refetch()}
        empty={t('reports.noneUnreturned')}
        columns={columns}
      />
    </PageFrame>
  );
}
