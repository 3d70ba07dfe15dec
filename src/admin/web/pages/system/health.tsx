import { Badge, MessageBar, MessageBarBody, MessageBarTitle } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import type { Health } from '../../api/contract.ts';
import { useRead } from '../../api/query.ts';
import { type Column, DataList } from '../../parts/data-list.tsx';
import { Facts } from '../../parts/fields.tsx';
import { Page as PageFrame } from '../../parts/page.tsx';
import { Loaded } from '../../parts/states.tsx';
import { DateTime } from '../../parts/time.tsx';
import { checkName, checkText, overall } from '../../parts/checks.ts';

const EVERY_MS = 5_000;

/** How the gateway is, and what of the policy file cannot be used. */
export function Page() {
  const { t } = useTranslation();
  const health = useRead('health', {}, { everyMs: EVERY_MS });
  return (
    <PageFrame title={t('system.health')}>
      <Loaded query={health}>{({ body }) => <State health={body} />}</Loaded>
    </PageFrame>
  );
}

function State({ health }: { readonly health: Health }) {
  const { t, i18n } = useTranslation();
  const { checks, policy } = health;
  const state = overall(health);
  const columns: Column<Health['checks'][number]>[] = [
    { id: 'name', label: t('system.check'), render: (check) => checkName(t, check) },
    {
      id: 'ok',
      label: t('system.state'),
      render: ({ ok, attention }) => (
        <Badge appearance="tint" color={!ok ? 'danger' : attention === true ? 'warning' : 'success'}>
          {t(!ok ? 'home.failing' : attention === true ? 'home.attention' : 'home.ok')}
        </Badge>
      ),
    },
    { id: 'detail', label: t('system.detail'), render: (check) => checkText(t, i18n.language, check) },
  ];
  return (
    <>
      <MessageBar intent={state === 'good' ? 'success' : 'warning'} layout="multiline">
        <MessageBarBody>
          {t(state === 'good' ? 'home.ready' : state === 'attention' ? 'home.lookAtIt' : 'home.notReady')}
        </MessageBarBody>
      </MessageBar>
      {policy.error !== null && (
        <MessageBar intent="error" layout="multiline">
          <MessageBarBody>
            <MessageBarTitle>{t('home.policyBroken')}</MessageBarTitle>
            <ul>
              {policy.error.problems.map(({ line, column, path, message, remedy }) => (
                <li key={`${line}:${column}:${message}`}>
                  {t('home.line', { line, column })} <code>{path}</code> {message} {remedy}
                </li>
              ))}
            </ul>
          </MessageBarBody>
        </MessageBar>
      )}
      <DataList
        label={t('home.checks')}
        rows={checks}
        rowKey={({ name }) => name}
        empty={t('parts.none')}
        columns={columns}
      />
      <Facts
        facts={[
          [t('home.node'), health.node],
          [t('home.program'), health.version],
          [t('home.started'), <DateTime key="started" at={health.startedAt} />],
          [t('home.liveCalls'), health.liveCalls],
          [t('home.mailboxes'), policy.mailboxCount],
          [t('home.policyFile'), policy.path],
          [t('home.version'), policy.version],
          [t('home.loaded'), <DateTime key="loaded" at={policy.loadedAt} />],
        ]}
      />
    </>
  );
}
