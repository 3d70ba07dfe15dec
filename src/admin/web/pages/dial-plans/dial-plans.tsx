import { AddRegular } from '@fluentui/react-icons/svg/add';
import { ArrowClockwiseRegular } from '@fluentui/react-icons/svg/arrow-clockwise';
import { DeleteRegular } from '@fluentui/react-icons/svg/delete';
import { EditRegular } from '@fluentui/react-icons/svg/edit';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import type { DialPlan } from '../../api/contract.ts';
import { usePages } from '../../api/query.ts';
import { DataList } from '../../parts/data-list.tsx';
import { Page as PageFrame } from '../../parts/page.tsx';
import { Command, Search, Tools } from '../../parts/tools.tsx';

const NONE: ReadonlySet<string> = new Set();

export function Page() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [search, setSearch] = useState('');
  const [selected, select] = useState(NONE);
  const list = usePages('dialPlans', { query: { search } });
  const [chosen] = selected;
  const edit = (name: string) => void navigate(encodeURIComponent(name));
  return (
    <PageFrame title={t('policies.dialPlans')}>
      <Tools
        label={t('parts.commands')}
        commands={
          <>
            <Command icon={<AddRegular />} label={t('parts.new')} run={() => void navigate('new')} />
            <Command
              icon={<EditRegular />}
              label={t('parts.edit')}
              isDisabled={chosen === undefined}
              run={() => chosen !== undefined && edit(chosen)}
            />
            <Command
              icon={<DeleteRegular />}
              label={t('parts.remove')}
              isDisabled={chosen === undefined}
              run={() => {}}
            />
            <Command icon={<ArrowClockwiseRegular />} label={t('parts.refresh')} run={() => void list.refetch()} />
          </>
        }
      >
        <Search label={t('parts.search')} search={setSearch} />
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
        open={({ name }) => edit(name)}
        more={list.hasNextPage ? { isFetching: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() } : null}
        columns={[
          {
            id: 'name',
            label: t('policies.name'),
            render: ({ name }) => <Link to={encodeURIComponent(name)}>{name}</Link>,
          },
          { id: 'uriType', label: t('policies.uriType'), render: ({ uriType }) => uriType, wideOnly: true },
          {
            id: 'digits',
            label: t('policies.digits'),
            render: ({ numberOfDigitsInExtension }) => numberOfDigitsInExtension,
            isNumber: true,
          },
          {
            id: 'policies',
            label: t('policies.policyCount'),
            render: ({ policyCount }) => policyCount,
            isNumber: true,
          },
        ]}
      />
    </PageFrame>
  );
}
