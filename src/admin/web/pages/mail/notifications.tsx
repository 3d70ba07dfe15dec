import { Badge, makeStyles, Tab, TabList } from '@fluentui/react-components';
import { ArrowClockwiseRegular } from '@fluentui/react-icons/svg/arrow-clockwise';
import { ArrowRepeatAllRegular } from '@fluentui/react-icons/svg/arrow-repeat-all';
import { DeleteRegular } from '@fluentui/react-icons/svg/delete';
import { SendRegular } from '@fluentui/react-icons/svg/send';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { call } from '../../api/call.ts';
import type { Notification } from '../../api/contract.ts';
import { usePages } from '../../api/query.ts';
import { type Column, DataList, moreOf } from '../../parts/data-list.tsx';
import { ConfirmDialog } from '../../parts/dialogs.tsx';
import { PageLink } from '../../parts/link.tsx';
import { Page as PageFrame } from '../../parts/page.tsx';
import { Trouble } from '../../parts/states.tsx';
import { TimeAgo } from '../../parts/time.tsx';
import { useNotify } from '../../parts/toasts.tsx';
import { Command, Tools } from '../../parts/tools.tsx';
import { useDeed } from '../../parts/use-deed.ts';
import { useMay } from '../../shell/session.ts';
import { notificationPath } from './paths.ts';
import { SendTest } from './send-test.tsx';

const EVERY_MS = 10_000;
const STATES = ['due', 'claimed', 'sent', 'dead', 'dropped'] as const;
type State = (typeof STATES)[number];
const COLOURS = { due: 'warning', claimed: 'informative', sent: 'success', dead: 'danger', dropped: 'subtle' } as const;
const NONE: ReadonlySet<string> = new Set();

const useStyles = makeStyles({ tabs: { overflowX: 'auto', marginInlineStart: '-10px' }, error: { fontSize: '12px' } });

export function Page() {
  const styles = useStyles();
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [state, setState] = useState<State | 'all'>('all');
  const [selected, select] = useState(NONE);
  const [isOpen, open] = useState<'drop' | 'test' | null>(null);
  const notify = useNotify();
  const mayWrite = useMay()('notifications.write');
  const list = usePages('notifications', { query: state === 'all' ? {} : { state } }, { everyMs: EVERY_MS });
  const chosen = list.items.filter(({ id }) => selected.has(id));
  const changeable = chosen.filter((one) => one.state === 'due' || one.state === 'dead');
  const deed = (name: 'retryNotification' | 'dropNotification') => async () => {
    for (const { id } of changeable) await call(name, { params: { id } });
    notify(t(name === 'retryNotification' ? 'mail.retried' : 'mail.droppedNow', { count: changeable.length }));
    select(NONE);
    open(null);
  };
  const retry = useDeed(deed('retryNotification'));
  const drop = useDeed(deed('dropNotification'));
  const counts = list.first?.counts;
  return (
    <PageFrame title={t('mail.notifications')}>
      <TabList
        size="small"
        className={styles.tabs}
        selectedValue={state}
        onTabSelect={(_, { value }) => {
          setState(value as State | 'all');
          select(NONE);
        }}
      >
        <Tab value="all">{t('mail.all')}</Tab>
        {STATES.map((one) => (
          <Tab key={one} value={one}>
            {t(`calls.decisions.${one}`)} ({counts?.[one] ?? 0})
          </Tab>
        ))}
      </TabList>
      <Tools
        label={t('parts.commands')}
        commands={
          <>
            {mayWrite && (
              <>
                <Command
                  icon={<ArrowRepeatAllRegular />}
                  label={t('mail.retry')}
                  isDisabled={changeable.length === 0 || retry.isBusy}
                  run={() => retry.run()}
                />
                <Command
                  icon={<DeleteRegular />}
                  label={t('mail.drop')}
                  isDisabled={changeable.length === 0}
                  run={() => open('drop')}
                />
                <Command icon={<SendRegular />} label={t('mail.test')} run={() => open('test')} />
              </>
            )}
            <Command icon={<ArrowClockwiseRegular />} label={t('parts.refresh')} run={() => void list.refetch()} />
          </>
        }
      />
      {retry.error !== null && <Trouble error={retry.error} />}
      <DataList<Notification>
        label={t('mail.notifications')}
        rows={list.items}
        rowKey={({ id }) => id}
        rowName={({ recipient }) => recipient}
        isLoading={list.isPending}
        error={list.error}
        retry={() => void list.refetch()}
        empty={t('mail.none')}
        {...(mayWrite && { selected, select, many: true })}
        open={({ id }) => void navigate(notificationPath(id))}
        more={moreOf(list)}
        columns={useColumns()}
      />
      {isOpen === 'drop' && (
        <ConfirmDialog
          title={t('mail.dropTitle', { count: changeable.length })}
          text={t('mail.dropText')}
          action={t('mail.drop')}
          isBusy={drop.isBusy}
          error={drop.error}
          confirm={() => drop.run()}
          cancel={() => open(null)}
        />
      )}
      {isOpen === 'test' && <SendTest close={() => open(null)} />}
    </PageFrame>
  );
}

function useColumns(): Column<Notification>[] {
  const styles = useStyles();
  const { t } = useTranslation();
  return [
    {
      id: 'recipient',
      label: t('mail.to'),
      render: ({ id, recipient }) => <PageLink to={notificationPath(id)}>{recipient}</PageLink>,
    },
    { id: 'mailbox', label: t('callLog.mailbox'), render: ({ mailbox }) => mailbox, wideOnly: true },
    {
      id: 'state',
      label: t('mail.state'),
      render: ({ state, lastError }) => (
        <>
          <Badge appearance="tint" color={COLOURS[state]}>
            {t(`calls.decisions.${state}`)}
          </Badge>
          {lastError !== null && <div className={styles.error}>{lastError}</div>}
        </>
      ),
    },
    {
      id: 'attempts',
      label: t('mail.attemptsHead'),
      render: ({ attempts }) => attempts,
      isNumber: true,
      wideOnly: true,
    },
    { id: 'created', label: t('mail.created'), render: ({ createdAt }) => <TimeAgo at={createdAt} /> },
    {
      id: 'sent',
      label: t('mail.sentAt'),
      render: ({ sentAt }) => (sentAt === null ? '' : <TimeAgo at={sentAt} />),
      wideOnly: true,
    },
  ];
}
