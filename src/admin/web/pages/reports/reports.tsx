import { MessageBar, MessageBarBody } from '@fluentui/react-components';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ReportRow } from '../../api/contract.ts';
import { useRead } from '../../api/query.ts';
import { type Column, DataList } from '../../parts/data-list.tsx';
import { ChoiceFilter, Filters } from '../../parts/filters.tsx';
import { Page as PageFrame } from '../../parts/page.tsx';
import { localeOf } from '../../parts/time.tsx';
import { Bars } from './bars.tsx';
import { type Span, SPANS, timesOf } from './spans.ts';

const BY = ['day', 'hour', 'mailbox', 'group'] as const;
type By = (typeof BY)[number];
/** Of mailboxes and groups the chart shows the first. */
const MAX_BARS = 100;

/** Calls by outcome, per day, hour, mailbox or group. */
export function Page() {
  const { t, i18n } = useTranslation();
  const [by, setBy] = useState<By>('day');
  const [span, setSpan] = useState<Span>('week');
  const times = useMemo(() => timesOf(span), [span]);
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const { data, error, isPending, refetch } = useRead('missedReport', { query: { by, ...times, timeZone } });
  const rows = data?.body.rows ?? [];
  const name = (key: string) => keyText(by, key, localeOf(i18n.language));
  const number = (id: keyof Omit<ReportRow, 'key'>, wideOnly = false): Column<ReportRow> => ({
    id,
    label: t(`reports.${id}`),
    render: (row) => row[id].toLocaleString(i18n.language),
    isNumber: true,
    wideOnly,
  });
  const columns: Column<ReportRow>[] = [
    { id: 'key', label: t(`reports.by.${by}`), render: ({ key }) => name(key) },
    number('missed'),
    {
      id: 'share',
      label: t('reports.share'),
      render: (row) =>
        new Intl.NumberFormat(i18n.language, { style: 'percent' }).format(row.missed / Math.max(1, sum(row))),
      isNumber: true,
    },
    number('answered'),
    number('voicemail', true),
    number('elsewhere', true),
    number('other', true),
    number('notified', true),
  ];
  return (
    <PageFrame title={t('reports.title')}>
      <Filters label={t('callLog.filter')}>
        <ChoiceFilter
          label={t('reports.per')}
          value={by}
          set={setBy}
          choices={BY.map((value) => ({ value, label: t(`reports.by.${value}`) }))}
        />
        <ChoiceFilter
          label={t('reports.span')}
          value={span}
          set={setSpan}
          choices={SPANS.map((value) => ({ value, label: t(`reports.spans.${value}`) }))}
        />
      </Filters>
      {rows.length > 0 && (
        <Bars
          legend={{ missed: t('reports.missed'), others: t('reports.others') }}
          bars={rows
            .slice(0, MAX_BARS)
            .map((row) => ({ label: name(row.key), missed: row.missed, others: sum(row) - row.missed }))}
        />
      )}
      {data?.body.truncated === true && (
        <MessageBar intent="info">
          <MessageBarBody>{t('reports.truncated')}</MessageBarBody>
        </MessageBar>
      )}
      <DataList<ReportRow>
        label={t('reports.title')}
        rows={rows}
        rowKey={({ key }) => key}
        isLoading={isPending}
        error={error}
        retry={() => void refetch()}
        empty={t('reports.none')}
        columns={columns}
      />
    </PageFrame>
  );
}

function sum({ answered, voicemail, missed, elsewhere, other }: ReportRow): number {
  return answered + voicemail + missed + elsewhere + other;
}

/** Hours come in UTC, days as dates of the viewer's zone. */
function keyText(by: By, key: string, language: string): string {
  if (by === 'hour')
    return new Intl.DateTimeFormat(language, { dateStyle: 'short', timeStyle: 'short' }).format(new Date(key));
  if (by !== 'day') return key;
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(key));
}
