import { makeStyles, MessageBar, MessageBarBody, Switch, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { call } from '../../api/call.ts';
import type { Body } from '../../api/contract.ts';
import { usePages, useRead } from '../../api/query.ts';
import { useMissedCallColumns } from '../../parts/calls.tsx';
import { DataList, moreOf } from '../../parts/data-list.tsx';
import { Page as PageFrame } from '../../parts/page.tsx';
import { Empty, Loaded, Trouble } from '../../parts/states.tsx';
import { useNotify } from '../../parts/toasts.tsx';
import { useDeed } from '../../parts/use-deed.ts';
import { useSession } from '../../shell/session.ts';

const EVERY_MS = 30_000;

const useStyles = makeStyles({
  box: {
    display: 'flex',
    flexDirection: 'column',
    gap: '8px',
    marginBottom: '20px',
    paddingBottom: '12px',
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  hint: { marginInlineStart: '8px', color: tokens.colorNeutralForeground3 },
});

/** What every user has, whatever else one may: the own missed calls, and the own switch. */
export function Page() {
  const { t } = useTranslation();
  const { account } = useSession();
  return (
    <PageFrame title={t('mine.title')}>
      {account.mailbox === null ? <Empty text={t('mine.noMailbox')} /> : <Mine />}
    </PageFrame>
  );
}

function Mine() {
  const { t } = useTranslation();
  const mailbox = useRead('myMailbox', {});
  const list = usePages('myCalls', {}, { everyMs: EVERY_MS });
  const { when, caller, called, rang, cause, notice } = useMissedCallColumns();
  return (
    <>
      <Loaded query={mailbox}>{({ body }) => <OwnSwitch mailbox={body} />}</Loaded>
      <DataList
        label={t('mine.title')}
        rows={list.items}
        rowKey={({ id }) => id}
        isLoading={list.isPending}
        error={list.error}
        retry={() => void list.refetch()}
        empty={t('mine.none')}
        more={moreOf(list)}
        columns={[when, caller, { ...called, wideOnly: true }, rang, cause, notice]}
      />
    </>
  );
}

function OwnSwitch({ mailbox }: { readonly mailbox: Body<'myMailbox'> }) {
  const styles = useStyles();
  const { t } = useTranslation();
  const notify = useNotify();
  const { missedCallNotificationEnabled, emailAddress, allowed } = mailbox;
  const change = useDeed(async (enabled: boolean) => {
    await call('switchMyMailbox', { body: { enabled } });
    notify(t(enabled ? 'mine.turnedOn' : 'mine.turnedOff'));
  });
  return (
    <div className={styles.box}>
      {change.error !== null && <Trouble error={change.error} />}
      <Switch
        label={t('mine.switch')}
        checked={change.given ?? missedCallNotificationEnabled}
        disabled={change.isBusy}
        onChange={(_, { checked }) => change.run(checked)}
      />
      {(!allowed || emailAddress === null) && (
        <MessageBar intent="warning" layout="multiline">
          <MessageBarBody>{t(allowed ? 'mine.noAddress' : 'mine.notAllowed')}</MessageBarBody>
        </MessageBar>
      )}
      {emailAddress !== null && allowed && (
        <span className={styles.hint}>{t('mine.to', { address: emailAddress })}</span>
      )}
    </div>
  );
}
