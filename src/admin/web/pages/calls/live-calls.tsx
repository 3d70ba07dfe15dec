import { Badge } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import type { LiveCall } from '../../api/contract.ts';
import { useRead } from '../../api/query.ts';
import { Caller } from '../../parts/calls.tsx';
import { type Column, DataList } from '../../parts/data-list.tsx';
import { PageLink } from '../../parts/link.tsx';
import { Page as PageFrame } from '../../parts/page.tsx';
import { TimeAgo } from '../../parts/time.tsx';
import { callPath } from './paths.ts';

/** Where events do not get through, it is asked so often. */
const EVERY_MS = 5_000;
const COLOURS = { calling: 'informative', ringing: 'warning', answered: 'success', voicemail: 'brand' } as const;

/** The calls of this moment; the server's events keep them up to date. */
export function Page() {
  const { t } = useTranslation();
  const { data, error, isPending, refetch } = useRead('liveCalls', {}, { everyMs: EVERY_MS });
  const columns: Column<LiveCall>[] = [
    {
      id: 'state',
      label: t('callLog.state'),
      render: ({ state }) => (
        <Badge appearance="tint" color={COLOURS[state]}>
          {t(`callLog.states.${state}`)}
        </Badge>
      ),
    },
    { id: 'caller', label: t('calls.caller'), render: ({ caller }) => <Caller caller={caller} /> },
    { id: 'called', label: t('calls.called'), render: ({ callee }) => callee },
    { id: 'mailbox', label: t('callLog.mailbox'), render: ({ mailbox }) => mailbox ?? '', wideOnly: true },
    { id: 'peer', label: t('callLog.peer'), render: ({ peer }) => peer, wideOnly: true },
    {
      id: 'since',
      label: t('callLog.since'),
      render: ({ id, startedAt }) => (
        <PageLink to={callPath(id)}>
          <TimeAgo at={startedAt} />
        </PageLink>
      ),
    },
  ];
  return (
    <PageFrame title={t('callLog.live')} description={t('callLog.liveText')}>
      <DataList<LiveCall>
        label={t('callLog.live')}
        rows={data?.body.items ?? []}
        rowKey={({ id }) => id}
        isLoading={isPending}
        error={error}
        retry={() => void refetch()}
        empty={t('callLog.noLive')}
        columns={columns}
        {...(data !== undefined && { total: data.body.total })}
      />
    </PageFrame>
  );
}
