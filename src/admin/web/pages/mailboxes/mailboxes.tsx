import { Link } from '@fluentui/react-components';
import { ArrowUploadRegular } from '@fluentui/react-icons/svg/arrow-upload';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { address, call } from '../../api/call.ts';
import type { Mailbox } from '../../api/contract.ts';
import { usePages, useRead } from '../../api/query.ts';
import { type Column, DataList, moreOf } from '../../parts/data-list.tsx';
import { ChoiceFilter } from '../../parts/filters.tsx';
import { PageLink } from '../../parts/link.tsx';
import { ListCommands } from '../../parts/list-commands.tsx';
import { Page as PageFrame } from '../../parts/page.tsx';
import { RemoveDialog } from '../../parts/remove-dialog.tsx';
import { Command, Search, Tools } from '../../parts/tools.tsx';
import { useMay } from '../../shell/session.ts';
import { NewMailbox } from './new-mailbox.tsx';
import { IMPORT, mailboxPath } from './paths.ts';

const NONE: ReadonlySet<string> = new Set();
const OFFERED_POLICIES = 100;

/** The users who can be told of missed calls. */
export function Page() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const mayWrite = useMay()('mailboxes.write');
  const [search, setSearch] = useState('');
  const [mailboxPolicy, setPolicy] = useState('');
  const [selected, select] = useState(NONE);
  const [isOpen, setOpen] = useState<'new' | 'remove' | null>(null);
  const policies = useRead('mailboxPolicies', { query: { limit: OFFERED_POLICIES } });
  const list = usePages('mailboxes', { query: { search, ...(mailboxPolicy !== '' && { mailboxPolicy }) } });
  const chosen = list.items.find(({ identity }) => selected.has(identity));
  return (
    <PageFrame title={t('mailboxes.title')}>
      <Tools
        label={t('parts.commands')}
        commands={
          <>
            <ListCommands
              mayWrite={mayWrite}
              isChosen={chosen !== undefined}
              create={() => setOpen('new')}
              edit={() => chosen !== undefined && void navigate(mailboxPath(chosen.identity))}
              remove={() => setOpen('remove')}
              refresh={() => void list.refetch()}
            />
            {mayWrite && (
              <Command icon={<ArrowUploadRegular />} label={t('mailboxes.import')} run={() => void navigate(IMPORT)} />
            )}
          </>
        }
      >
        <Link href={address('exportMailboxes', {})} download>
          {t('callLog.export')}
        </Link>
        <ChoiceFilter
          label={t('mailboxes.policy')}
          value={mailboxPolicy}
          set={setPolicy}
          choices={[
            { value: '', label: t('callLog.any') },
            ...(policies.data?.body.items ?? []).map(({ name }) => ({ value: name, label: name })),
          ]}
        />
        <Search label={t('mailboxes.title')} search={setSearch} />
      </Tools>
      <DataList<Mailbox>
        label={t('mailboxes.title')}
        rows={list.items}
        rowKey={({ identity }) => identity}
        isLoading={list.isPending}
        error={list.error}
        retry={() => void list.refetch()}
        empty={t(search === '' && mailboxPolicy === '' ? 'mailboxes.none' : 'policies.noneFound')}
        selected={selected}
        select={select}
        open={({ identity }) => void navigate(mailboxPath(identity))}
        more={moreOf(list)}
        {...(list.first !== undefined && { total: list.first.total })}
        columns={useColumns()}
      />
      {isOpen === 'new' && <NewMailbox etag={list.etag} close={() => setOpen(null)} />}
      {isOpen === 'remove' && chosen !== undefined && (
        <RemoveDialog
          name={chosen.identity}
          text={t('mailboxes.removeText')}
          remove={(ifMatch) => call('removeMailbox', { params: { name: chosen.identity }, ifMatch })}
          seen={chosen}
          etag={list.etag}
          read={() => call('mailbox', { params: { name: chosen.identity } })}
          close={() => setOpen(null)}
        />
      )}
    </PageFrame>
  );
}

function useColumns(): Column<Mailbox>[] {
  const { t } = useTranslation();
  return [
    {
      id: 'name',
      label: t('mailboxes.displayName'),
      render: ({ identity, displayName }) => <PageLink to={mailboxPath(identity)}>{displayName}</PageLink>,
    },
    { id: 'identity', label: t('mailboxes.identity'), render: ({ identity }) => identity, wideOnly: true },
    { id: 'extensions', label: t('mailboxes.extensions'), render: ({ extensions }) => extensions.join(', ') },
    { id: 'email', label: t('mailboxes.email'), render: ({ emailAddress }) => emailAddress ?? '', wideOnly: true },
    { id: 'policy', label: t('mailboxes.policy'), render: ({ mailboxPolicy }) => mailboxPolicy, wideOnly: true },
    {
      id: 'switch',
      label: t('mailboxes.notifications'),
      render: ({ missedCallNotificationEnabled }) => t(missedCallNotificationEnabled ? 'parts.on' : 'parts.off'),
    },
  ];
}
