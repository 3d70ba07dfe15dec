import { Badge } from '@fluentui/react-components';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../../api/call.ts';
import type { Account } from '../../api/contract.ts';
import { usePages } from '../../api/query.ts';
import { type Column, DataList, moreOf } from '../../parts/data-list.tsx';
import { ConfirmDialog } from '../../parts/dialogs.tsx';
import { ListCommands } from '../../parts/list-commands.tsx';
import { Page as PageFrame } from '../../parts/page.tsx';
import { TimeAgo } from '../../parts/time.tsx';
import { useNotify } from '../../parts/toasts.tsx';
import { Tools } from '../../parts/tools.tsx';
import { useDeed } from '../../parts/use-deed.ts';
import { AccountPanel } from './account-panel.tsx';

const NONE: ReadonlySet<string> = new Set();

/** Who may sign in, and as what. */
export function Page() {
  const { t } = useTranslation();
  const notify = useNotify();
  const [selected, select] = useState(NONE);
  const [isOpen, open] = useState<'new' | 'edit' | 'remove' | null>(null);
  const list = usePages('accounts', {});
  const chosen = list.items.find(({ name }) => selected.has(name));
  const remove = useDeed(async () => {
    if (chosen === undefined) return;
    await call('removeAccount', { params: { name: chosen.name } });
    notify(t('policies.removed', { name: chosen.name }));
    open(null);
  });
  const columns: Column<Account>[] = [
    { id: 'name', label: t('accounts.name'), render: ({ name }) => name },
    { id: 'displayName', label: t('mailboxes.displayName'), render: ({ displayName }) => displayName, wideOnly: true },
    {
      id: 'roles',
      label: t('accounts.roles'),
      render: ({ roles }) => roles.map((role) => t(`accounts.role.${role}`)).join(', '),
    },
    { id: 'mailbox', label: t('callLog.mailbox'), render: ({ mailbox }) => mailbox ?? '', wideOnly: true },
    {
      id: 'state',
      label: t('system.state'),
      render: ({ enabled, lockedUntil }) => (
        <Badge appearance="tint" color={!enabled ? 'danger' : lockedUntil === null ? 'success' : 'warning'}>
          {t(!enabled ? 'accounts.disabled' : lockedUntil === null ? 'accounts.enabled' : 'accounts.locked')}
        </Badge>
      ),
    },
    {
      id: 'last',
      label: t('accounts.lastSignIn'),
      render: ({ lastSignInAt }) => (lastSignInAt === null ? t('accounts.never') : <TimeAgo at={lastSignInAt} />),
      wideOnly: true,
    },
  ];
  return (
    <PageFrame title={t('accounts.title')} description={t('accounts.text')}>
      <Tools
        label={t('parts.commands')}
        commands={
          <ListCommands
            mayWrite
            isChosen={chosen !== undefined}
            create={() => open('new')}
            edit={() => open('edit')}
            remove={() => open('remove')}
            refresh={() => void list.refetch()}
          />
        }
      />
      <DataList<Account>
        label={t('accounts.title')}
        rows={list.items}
        rowKey={({ name }) => name}
        isLoading={list.isPending}
        error={list.error}
        retry={() => void list.refetch()}
        empty={t('parts.none')}
        selected={selected}
        select={select}
        open={({ name }) => {
          select(new Set([name]));
          open('edit');
        }}
        more={moreOf(list)}
        columns={columns}
      />
      {isOpen === 'new' && <AccountPanel account={null} close={() => open(null)} />}
      {isOpen === 'edit' && chosen !== undefined && <AccountPanel account={chosen} close={() => open(null)} />}
      {isOpen === 'remove' && chosen !== undefined && (
        <ConfirmDialog
          title={t('policies.removeTitle', { name: chosen.name })}
          text={t('accounts.removeText')}
          action={t('parts.remove')}
          isBusy={remove.isBusy}
          error={remove.error}
          confirm={() => remove.run()}
          cancel={() => open(null)}
        />
      )}
    </PageFrame>
  );
}
