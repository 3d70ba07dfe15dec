import { useTranslation } from 'react-i18next';
import type { PolicyVersion } from '../../api/contract.ts';
import { usePages } from '../../api/query.ts';
import { type Column, DataList, moreOf } from '../../parts/data-list.tsx';
import { PageLink } from '../../parts/link.tsx';
import { Page as PageFrame } from '../../parts/page.tsx';
import { DateTime } from '../../parts/time.tsx';

/** The policy file's last versions. */
export function Page() {
  const { t } = useTranslation();
  const list = usePages('policyVersions', {});
  const columns: Column<PolicyVersion>[] = [
    {
      id: 'at',
      label: t('calls.when'),
      render: ({ at, version }) => (
        <PageLink to={`/system/versions/${version}`}>
          <DateTime at={at} />
        </PageLink>
      ),
    },
    { id: 'by', label: t('system.by'), render: ({ by }) => by ?? t('system.byEditor') },
    { id: 'version', label: t('home.version'), render: ({ version }) => <code>{version}</code>, wideOnly: true },
    {
      id: 'bytes',
      label: t('system.size'),
      render: ({ bytes }) => bytes.toLocaleString(),
      isNumber: true,
      wideOnly: true,
    },
  ];
  return (
    <PageFrame title={t('system.versions')} description={t('system.versionsText')}>
      <DataList<PolicyVersion>
        label={t('system.versions')}
        rows={list.items}
        rowKey={({ version, at }) => `${version} ${at}`}
        isLoading={list.isPending}
        error={list.error}
        retry={() => void list.refetch()}
        empty={t('system.noVersions')}
        more={moreOf(list)}
        columns={columns}
      />
    </PageFrame>
  );
}
