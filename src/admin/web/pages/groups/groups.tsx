import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { call } from '../../api/call.ts';
import type { Group } from '../../api/contract.ts';
import { usePages } from '../../api/query.ts';
import { type Column, DataList, moreOf } from '../../parts/data-list.tsx';
import { PageLink } from '../../parts/link.tsx';
import { ListCommands } from '../../parts/list-commands.tsx';
import { Page as PageFrame } from '../../parts/page.tsx';
import { RemoveDialog } from '../../parts/remove-dialog.tsx';
import { Search, Tools } from '../../parts/tools.tsx';
import { useMay } from '../../shell/session.ts';
import { groupPath } from '../mailboxes/paths.ts';
import { NewGroup } from './new-group.tsx';

const NONE: ReadonlySet<string> = new Set();

/** Numbers that ring several users. */
export function Page() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const mayWrite = useMay()('policy.write');
  const [search, setSearch] = useState('');
  const [selected, select] = useState(NONE);
  const [isOpen, setOpen] = useState<'new' | 'remove' | null>(null);
  const list = usePages('groups', { query: { search } });
  const chosen = list.items.find(({ identity }) => selected.has(identity));
  const columns: Column<Group>[] = [
    {
      id: 'name',
      label: t('mailboxes.displayName'),
      render: ({ identity, displayName }) => <PageLink to={groupPath(identity)}>{displayName}</PageLink>,
    },
    { id: 'extensions', label: t('mailboxes.extensions'), render: ({ extensions }) => extensions.join(', ') },
    { id: 'members', label: t('groups.members'), render: ({ members }) => members.length, isNumber: true },
    { id: 'ring', label: t('groups.ring'), render: ({ ring }) => t(`groups.rings.${ring}`), wideOnly: true },
    { id: 'notify', label: t('groups.notify'), render: ({ notify }) => t(`groups.notifies.${notify}`), wideOnly: true },
  ];
  return (
    <PageFrame title={t('groups.title')}>
      <Tools
        label={t('parts.commands')}
        commands={
          <ListCommands
            mayWrite={mayWrite}
            isChosen={chosen !== undefined}
            create={() => setOpen('new')}
            edit={() => chosen !== undefined && void navigate(groupPath(chosen.identity))}
            remove={() => setOpen('remove')}
            refresh={() => void list.refetch()}
          />
        }
      >
        <Search label={t('groups.title')} search={setSearch} />
      </Tools>
      <DataList<Group>
        label={t('groups.title')}
        rows={list.items}
        rowKey={({ identity }) => identity}
        isLoading={list.isPending}
        error={list.error}
        retry={() => void list.refetch()}
        empty={t(search === '' ? 'groups.none' : 'policies.noneFound')}
        selected={selected}
        select={select}
        open={({ identity }) => void navigate(groupPath(identity))}
        more={moreOf(list)}
        columns={columns}
      />
      {isOpen === 'new' && <NewGroup etag={list.etag} close={() => setOpen(null)} />}
      {isOpen === 'remove' && chosen !== undefined && (
        <RemoveDialog
          name={chosen.identity}
          text={t('groups.removeText')}
          remove={(ifMatch) => call('removeGroup', { params: { name: chosen.identity }, ifMatch })}
          seen={chosen}
          etag={list.etag}
          read={() => call('group', { params: { name: chosen.identity } })}
          close={() => setOpen(null)}
        />
      )}
    </PageFrame>
  );
}
