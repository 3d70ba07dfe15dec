import {
  Badge,
  Button,
  Field,
  makeStyles,
  MessageBar,
  MessageBarBody,
  ProgressBar,
  Textarea,
  tokens,
} from '@fluentui/react-components';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { call } from '../../api/call.ts';
import type { ImportResult } from '../../api/contract.ts';
import { type Column, DataList } from '../../parts/data-list.tsx';
import { Page as PageFrame } from '../../parts/page.tsx';
import { Trouble } from '../../parts/states.tsx';
import { useNotify } from '../../parts/toasts.tsx';
import { useDeed } from '../../parts/use-deed.ts';
import { MAILBOXES } from './paths.ts';

const ACTIONS = ['new', 'change', 'same', 'error'] as const;
const COLOURS = { new: 'success', change: 'brand', same: 'subtle', error: 'danger' } as const;
/** What is longer is not shown, but sent. */
const MAX_SHOWN = 200_000;
type Row = ImportResult['rows'][number];

const useStyles = makeStyles({
  steps: { display: 'flex', flexDirection: 'column', gap: '14px', maxWidth: '960px' },
  source: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200, height: '160px' },
  row: { display: 'flex', flexWrap: 'wrap', gap: '8px', alignItems: 'center' },
});

/** Mailboxes from a CSV: first what it would do, then all of it at once. */
export function Page() {
  const styles = useStyles();
  const { t } = useTranslation();
  const navigate = useNavigate();
  const notify = useNotify();
  const [csv, setCsv] = useState('');
  const [seen, setSeen] = useState<{
    readonly csv: string;
    readonly result: ImportResult;
    readonly etag: string | null;
  } | null>(null);
  const preview = useDeed(async () => {
    const version = (await call('policy', {})).etag;
    const { body, etag } = await call('importMailboxes', { body: { csv, apply: false }, ifMatch: version });
    setSeen({ csv, result: body, etag: etag ?? version });
  });
  const apply = useDeed(async () => {
    if (seen === null) return;
    const { body } = await call('importMailboxes', { body: { csv: seen.csv, apply: true }, ifMatch: seen.etag });
    notify(t('mailboxes.imported', { created: body.counts.new, changed: body.counts.change }));
    void navigate(MAILBOXES);
  });
  const isCurrent = seen !== null && seen.csv === csv;
  const counts = seen?.result.counts;
  const isNothing = counts === undefined || counts.new + counts.change === 0;
  const take = async (file: File | undefined) => {
    if (file !== undefined) setCsv(await file.text());
  };
  return (
    <PageFrame
      title={t('mailboxes.import')}
      crumbs={[{ label: t('mailboxes.title'), to: MAILBOXES }]}
      description={t('mailboxes.importText')}
    >
      <div className={styles.steps}>
        <Field label={t('mailboxes.file')}>
          <input
            type="file"
            aria-label={t('mailboxes.file')}
            accept=".csv,text/csv"
            onChange={(event) => void take(event.target.files?.[0])}
          />
        </Field>
        <Field label={t('mailboxes.csv')}>
          <Textarea
            textarea={{ className: styles.source, spellCheck: false }}
            resize="vertical"
            value={csv.slice(0, MAX_SHOWN)}
            readOnly={csv.length > MAX_SHOWN}
            onChange={(_, { value }) => setCsv(value)}
          />
        </Field>
        <div className={styles.row}>
          <Button disabledFocusable={csv.trim() === '' || preview.isBusy} onClick={() => preview.run()}>
            {t('mailboxes.preview')}
          </Button>
          <Button
            appearance="primary"
            disabledFocusable={!isCurrent || isNothing || (counts?.error ?? 0) > 0 || apply.isBusy}
            onClick={() => apply.run()}
          >
            {t('mailboxes.apply')}
          </Button>
        </div>
        {(preview.isBusy || apply.isBusy) && <ProgressBar aria-label={t('parts.loading')} />}
        {preview.error !== null && <Trouble error={preview.error} />}
        {apply.error !== null && <Trouble error={apply.error} />}
        {seen !== null && isCurrent && <Preview result={seen.result} />}
      </div>
    </PageFrame>
  );
}

function Preview({ result: { counts, rows } }: { readonly result: ImportResult }) {
  const styles = useStyles();
  const { t } = useTranslation();
  const columns: Column<Row & { readonly key: string }>[] = [
    { id: 'line', label: t('mailboxes.line'), render: ({ line }) => (line === 0 ? '' : line), isNumber: true },
    { id: 'identity', label: t('mailboxes.identity'), render: ({ identity }) => identity },
    {
      id: 'action',
      label: t('mailboxes.action'),
      render: ({ action }) => (
        <Badge appearance="tint" color={COLOURS[action]}>
          {t(`mailboxes.actions.${action}`)}
        </Badge>
      ),
    },
    { id: 'detail', label: t('system.detail'), render: ({ detail }) => detail },
  ];
  const total = ACTIONS.reduce((sum, action) => sum + counts[action], 0);
  return (
    <>
      <div className={styles.row} role="status">
        {ACTIONS.map((action) => (
          <Badge key={action} size="large" appearance="tint" color={COLOURS[action]}>
            {t(`mailboxes.actions.${action}`)}: {counts[action]}
          </Badge>
        ))}
      </div>
      {counts.error > 0 && (
        <MessageBar intent="error">
          <MessageBarBody>{t('mailboxes.errors')}</MessageBarBody>
        </MessageBar>
      )}
      <DataList
        label={t('mailboxes.preview')}
        rows={rows.map((row, index) => ({ ...row, key: String(index) }))}
        rowKey={({ key }) => key}
        empty={t('mailboxes.nothing')}
        total={total - counts.same}
        columns={columns}
      />
    </>
  );
}
