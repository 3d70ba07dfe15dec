import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Registration } from '../../api/contract.ts';
import { usePages } from '../../api/query.ts';
import { type Column, DataList, moreOf } from '../../parts/data-list.tsx';
import { Page as PageFrame } from '../../parts/page.tsx';
import { DateTime } from '../../parts/time.tsx';
import { Search, Tools } from '../../parts/tools.tsx';

const EVERY_MS = 10_000;

/** Phones that are registered here now. */
export function Page() {
  const { t } = useTranslation();
  const [search, setSearch] = useState('');
  const list = usePages('registrations', { query: { search } }, { everyMs: EVERY_MS });
  const columns: Column<Registration>[] = [
    { id: 'aor', label: t('system.phone'), render: ({ aor }) => aor },
    { id: 'contact', label: t('system.contact'), render: ({ contact }) => contact },
    { id: 'source', label: t('system.source'), render: ({ source }) => source, wideOnly: true },
    { id: 'agent', label: t('system.userAgent'), render: ({ userAgent }) => userAgent, wideOnly: true },
    {
      id: 'expires',
      label: t('system.expires'),
      render: ({ expiresAt }) => <DateTime at={expiresAt} />,
      wideOnly: true,
    },
  ];
  return (
    <PageFrame title={t('system.registrations')}>
      <Tools label={t('parts.commands')}>
        <Search label={t('system.registrations')} search={setSearch} />
      </Tools>
      <DataList<Registration>
        label={t('system.registrations')}
        rows={list.items}
        rowKey={({ aor, contact }) => `${aor} ${contact}`}
        isLoading={list.isPending}
        error={list.error}
        retry={() => void list.refetch()}
        empty={t('system.noRegistrations')}
        more={moreOf(list)}
        columns={columns}
      />
    </PageFrame>
  );
}
