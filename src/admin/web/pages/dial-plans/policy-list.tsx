import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { call } from '../../api/call.ts';
import type { MailboxPolicy } from '../../api/contract.ts';
import { usePages } from '../../api/query.ts';
import { DataList, moreOf } from '../../parts/data-list.tsx';
import { PageLink } from '../../parts/link.tsx';
import { ListCommands } from '../../parts/list-commands.tsx';
import { RemoveDialog } from '../../parts/remove-dialog.tsx';
import { Search, Tools } from '../../parts/tools.tsx';
import { useMay } from '../../shell/session.ts';
import { NewMailboxPolicy } from './new-mailbox-policy.tsx';
import { mailboxPolicyPath } from './paths.ts';

const NONE: ReadonlySet<string> = new Set();

/** The UM mailbox policies of one dial plan. */
export function PolicyList({ dialPlan }: { readonly dialPlan: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const may = useMay();
  const [search, setSearch] = useState('');
  const [selected, select] = useState(NONE);
  const [isOpen, setOpen] = useState<'new' | 'remove' | null>(null);
  const list = usePages('mailboxPolicies', { query: { dialPlan, search } });
  const chosen = list.items.find(({ name }) => selected.has(name));
  return (
    <>
      <Tools
        label={t('parts.commands')}
        commands={
          <ListCommands
            mayWrite={may('policy.write')}
            isChosen={chosen !== undefined}
            create={() => setOpen('new')}
            edit={() => chosen !== undefined && void navigate(mailboxPolicyPath(chosen.name))}
            remove={() => setOpen('remove')}
            refresh={() => void list.refetch()}
          />
        }
      >
        <Search label={t('policies.mailboxPolicies')} search={setSearch} />
      </Tools>
      <DataList<MailboxPolicy>
        label={t('policies.mailboxPolicies')}
        rows={list.items}
        rowKey={({ name }) => name}
        isLoading={list.isPending}
        error={list.error}
        retry={() => void list.refetch()}
        empty={search === '' ? t('policies.noPolicies') : t('policies.noneFound')}
        selected={selected}
        select={select}
        open={({ name }) => void navigate(mailboxPolicyPath(name))}
        more={moreOf(list)}
        columns={[
          {
            id: 'name',
            label: t('policies.name'),
            render: ({ name }) => <PageLink to={mailboxPolicyPath(name)}>{name}</PageLink>,
          },
          {
            id: 'allow',
            label: t('policies.notifications'),
            render: ({ allowMissedCallNotifications: isAllowed }) => t(isAllowed ? 'parts.on' : 'parts.off'),
          },
          {
            id: 'mailboxes',
            label: t('policies.mailboxCount'),
            render: ({ mailboxCount }) => mailboxCount,
            isNumber: true,
            wideOnly: true,
          },
        ]}
      />
      {isOpen === 'new' && <NewMailboxPolicy dialPlan={dialPlan} etag={list.etag} close={() => setOpen(null)} />}
      {isOpen === 'remove' && chosen !== undefined && (
        <RemoveDialog
          name={chosen.name}
          text={t('policies.removePolicy')}
          seen={chosen}
          etag={list.etag}
          read={() => call('mailboxPolicy', { params: { name: chosen.name } })}
          remove={(ifMatch) => call('removeMailboxPolicy', { params: { name: chosen.name }, ifMatch })}
          close={() => setOpen(null)}
        />
      )}
    </>
  );
}
