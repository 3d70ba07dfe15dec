import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { call } from '../../api/call.ts';
import type { DialPlan } from '../../api/contract.ts';
import { usePages } from '../../api/query.ts';
import { type Column, DataList, moreOf } from '../../parts/data-list.tsx';
import { PageLink } from '../../parts/link.tsx';
import { Page as PageFrame } from '../../parts/page.tsx';
import { Search, Tools } from '../../parts/tools.tsx';
import { useMay } from '../../shell/session.ts';
import { ListCommands } from '../../parts/list-commands.tsx';
import { NewDialPlan } from './new-dial-plan.tsx';
import { dialPlanPath } from './paths.ts';
import { RemoveDialog } from '../../parts/remove-dialog.tsx';

const NONE: ReadonlySet<string> = new Set();

export function Page() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const may = useMay();
  const [search, setSearch] = useState('');
  const [selected, select] = useState(NONE);
  const [isOpen, setOpen] = useState<'new' | 'remove' | null>(null);
  const list = usePages('dialPlans', { query: { search } });
  const chosen = list.items.find(({ name }) => selected.has(name));
  const mayWrite = may('policy.write');
  return (
    <PageFrame title={t('policies.dialPlans')}>
      <Tools
        label={t('parts.commands')}
        commands={
          <ListCommands
            mayWrite={mayWrite}
            isChosen={chosen !== undefined}
            create={() => setOpen('new')}
            edit={() => chosen !== undefined && void navigate(dialPlanPath(chosen.name))}
            remove={() => setOpen('remove')}
            refresh={() => void list.refetch()}
          />
        }
      >
        <Search label={t('policies.dialPlans')} search={setSearch} />
      </Tools>
      <DataList<DialPlan>
        label={t('policies.dialPlans')}
        rows={list.items}
        rowKey={({ name }) => name}
        isLoading={list.isPending}
        error={list.error}
        retry={() => void list.refetch()}
        empty={search === '' ? t('policies.noDialPlans') : t('policies.noneFound')}
        selected={selected}
        select={select}
        open={({ name }) => void navigate(dialPlanPath(name))}
        more={moreOf(list)}
        columns={useColumns()}
      />
      {isOpen === 'new' && <NewDialPlan etag={list.etag} close={() => setOpen(null)} />}
      {isOpen === 'remove' && chosen !== undefined && (
        <RemoveDialog
          name={chosen.name}
          text={t('policies.removeDialPlan')}
          remove={(ifMatch) => call('removeDialPlan', { params: { name: chosen.name }, ifMatch })}
          seen={chosen}
          etag={list.etag}
          read={async () => {
            const { body, etag } = await call('dialPlan', { params: { name: chosen.name } });
            const { policies: _, ...plan } = body;
            return { body: plan, etag };
          }}
          close={() => setOpen(null)}
        />
      )}
    </PageFrame>
  );
}

function useColumns(): Column<DialPlan>[] {
  const { t } = useTranslation();
  return [
    {
      id: 'name',
      label: t('policies.name'),
      render: ({ name }) => <PageLink to={dialPlanPath(name)}>{name}</PageLink>,
    },
    {
      id: 'uriType',
      label: t('policies.uriType'),
      render: ({ uriType }) => t(`policies.uriTypes.${uriType}`),
      wideOnly: true,
    },
    { id: 'language', label: t('policies.language'), render: ({ defaultLanguage }) => defaultLanguage, wideOnly: true },
    {
      id: 'digits',
      label: t('policies.digits'),
      render: ({ numberOfDigitsInExtension }) => numberOfDigitsInExtension,
      isNumber: true,
      wideOnly: true,
    },
    { id: 'policies', label: t('policies.policyCount'), render: ({ policyCount }) => policyCount, isNumber: true },
  ];
}
