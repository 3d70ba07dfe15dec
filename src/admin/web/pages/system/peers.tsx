import { Badge } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import type { Body, Peer } from '../../api/contract.ts';
import { useRead } from '../../api/query.ts';
import { type Column, DataList } from '../../parts/data-list.tsx';
import { FieldSet } from '../../parts/fields.tsx';
import { Page as PageFrame } from '../../parts/page.tsx';
import { TimeAgo } from '../../parts/time.tsx';

const EVERY_MS = 10_000;
type Hop = Body<'peers'>['hops'][number];

/** Who may send calls, and whether calls reach where they are sent. */
export function Page() {
  const { t } = useTranslation();
  const { data, error, isPending, refetch } = useRead('peers', {}, { everyMs: EVERY_MS });
  const state = { isLoading: isPending, error, retry: () => void refetch() };
  const columns: Column<Peer>[] = [
    { id: 'name', label: t('system.name'), render: ({ name }) => name },
    { id: 'profile', label: t('system.profile'), render: ({ profile }) => profile, wideOnly: true },
    { id: 'allow', label: t('system.allow'), render: ({ allow }) => allow.join(', ') },
    { id: 'voicemail', label: t('system.voicemail'), render: ({ voicemail }) => voicemail ?? '', wideOnly: true },
    { id: 'live', label: t('home.liveCalls'), render: ({ liveCalls }) => liveCalls, isNumber: true },
  ];
  const hopColumns: Column<Hop>[] = [
    { id: 'uri', label: t('system.uri'), render: ({ uri }) => uri },
    {
      id: 'up',
      label: t('system.state'),
      render: ({ up }) => (
        <Badge appearance="tint" color={up ? 'success' : 'danger'}>
          {t(up ? 'system.up' : 'system.down')}
        </Badge>
      ),
    },
    { id: 'since', label: t('callLog.since'), render: ({ since }) => (since === null ? '' : <TimeAgo at={since} />) },
  ];
  return (
    <PageFrame title={t('system.peers')} description={t('system.peersText')}>
      <DataList<Peer>
        label={t('system.peers')}
        rows={data?.body.items ?? []}
        rowKey={({ name }) => name}
        empty={t('system.noPeers')}
        columns={columns}
        {...state}
      />
      <FieldSet legend={t('system.hops')}>
        <DataList<Hop>
          label={t('system.hops')}
          rows={data?.body.hops ?? []}
          rowKey={({ uri }) => uri}
          empty={t('system.noHops')}
          columns={hopColumns}
          {...state}
        />
      </FieldSet>
    </PageFrame>
  );
}
