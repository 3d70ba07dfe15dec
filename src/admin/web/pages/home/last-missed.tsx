import { useTranslation } from 'react-i18next';
import { useRead } from '../../api/query.ts';
import { useMissedCallColumns } from '../../parts/calls.tsx';
import { DataList } from '../../parts/data-list.tsx';

const EVERY_MS = 10_000;
const SHOWN = 10;

export function LastMissed() {
  const { t } = useTranslation();
  const { data, isPending, error, refetch } = useRead(
    'calls',
    { query: { outcome: 'missed', limit: SHOWN } },
    { everyMs: EVERY_MS },
  );
  const { when, caller, called, cause, notice } = useMissedCallColumns();
  return (
    <DataList
      label={t('home.lastMissed')}
      rows={data?.body.items ?? []}
      rowKey={({ id }) => id}
      isLoading={isPending}
      error={error}
      retry={() => void refetch()}
      empty={t('home.noneMissed')}
      columns={[when, caller, called, { ...cause, wideOnly: true }, notice]}
    />
  );
}
