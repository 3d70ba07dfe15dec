import { Button, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate, useParams } from 'react-router';
import { call, type Reply } from '../../api/call.ts';
import { useRead } from '../../api/query.ts';
import { ConfirmDialog } from '../../parts/dialogs.tsx';
import { Facts } from '../../parts/fields.tsx';
import { Page as PageFrame } from '../../parts/page.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';
import { DateTime } from '../../parts/time.tsx';
import { useNotify } from '../../parts/toasts.tsx';
import { useDeed } from '../../parts/use-deed.ts';
import { useMay } from '../../shell/session.ts';

const useStyles = makeStyles({
  diff: {
    margin: '12px 0',
    padding: '8px 0',
    overflowX: 'auto',
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    '& span': { display: 'block', padding: '0 12px', whiteSpace: 'pre' },
  },
  added: { backgroundColor: tokens.colorPaletteGreenBackground1 },
  removed: { backgroundColor: tokens.colorPaletteRedBackground1 },
});

/** What going back to a version of the policy file would change, and the way back. */
export function Page() {
  const { t } = useTranslation();
  const { version = '' } = useParams();
  const found = useRead('policyVersion', { params: { version } });
  return (
    <PageFrame
      title={version}
      kind={t('system.version')}
      crumbs={[{ label: t('system.versions'), to: '/system/versions' }]}
    >
      <Loaded query={found}>{(reply) => <Version reply={reply} />}</Loaded>
    </PageFrame>
  );
}

function Version({ reply: { body, etag } }: { readonly reply: Reply<'policyVersion'> }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const notify = useNotify();
  const mayWrite = useMay()('policy.write');
  const [isAsked, ask] = useState(false);
  const { version, at, by, diff, text } = body;
  const back = useDeed(async () => {
    await call('rollBack', { params: { version }, body: {}, ifMatch: etag });
    notify(t('system.rolledBack'));
    void navigate('/system/versions');
  });
  return (
    <>
      <Facts
        facts={[
          [t('calls.when'), <DateTime key="at" at={at} />],
          [t('system.by'), by ?? t('system.byEditor')],
        ]}
      />
      {diff === '' ? <Empty text={t('system.same')} /> : <Diff diff={diff} />}
      {mayWrite && diff !== '' && (
        <Button appearance="primary" onClick={() => ask(true)}>
          {t('system.rollBack')}
        </Button>
      )}
      <details>
        <summary>{t('system.whole')}</summary>
        <Diff diff={text} isPlain />
      </details>
      {isAsked && (
        <ConfirmDialog
          title={t('system.rollBackTitle')}
          text={t('system.rollBackText')}
          action={t('system.rollBack')}
          isBusy={back.isBusy}
          error={back.error}
          confirm={() => back.run()}
          cancel={() => ask(false)}
        />
      )}
    </>
  );
}

function Diff({ diff, isPlain = false }: { readonly diff: string; readonly isPlain?: boolean }) {
  const styles = useStyles();
  const { t } = useTranslation();
  const lines = diff.split('\n').filter((line) => isPlain || !/^(=====|---|\+\+\+)/.test(line));
  return (
    // It may be wider than the page: the keyboard must reach it too.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={styles.diff} role="region" aria-label={t('system.changes')} tabIndex={0}>
      {lines.map((line, index) => (
        // Lines have no other name than their place.
        // oxlint-disable-next-line react/no-array-index-key
        <span
          key={index}
          className={
            isPlain
              ? undefined
              : mergeClasses(line.startsWith('+') && styles.added, line.startsWith('-') && styles.removed)
          }
        >
          {line === '' ? ' ' : line}
        </span>
      ))}
    </div>
  );
}
