import { Badge, makeStyles, tokens } from '@fluentui/react-components';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Asked, AuditRecord } from '../../api/contract.ts';
import { usePages } from '../../api/query.ts';
import { type Column, DataList, moreOf } from '../../parts/data-list.tsx';
import { Filters, instantOf, TextFilter } from '../../parts/filters.tsx';
import { Page as PageFrame } from '../../parts/page.tsx';
import { DateTime } from '../../parts/time.tsx';

const COLOURS = { intended: 'warning', done: 'success', failed: 'danger' } as const;

const useStyles = makeStyles({
  values: {
    margin: '4px 0 0',
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
  },
  soft: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
});

/** Who changed what. */
export function Page() {
  const styles = useStyles();
  const { t } = useTranslation();
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [actor, setActor] = useState('');
  const [operation, setOperation] = useState('');
  const [target, setTarget] = useState('');
  const query = useMemo((): NonNullable<Asked<'audit'>['query']> => {
    const [since, until] = [instantOf(from), instantOf(to)];
    return {
      ...(since !== undefined && { from: since }),
      ...(until !== undefined && { to: until }),
      ...(actor !== '' && { actor }),
      ...(operation !== '' && { operation }),
      ...(target !== '' && { target }),
    };
  }, [from, to, actor, operation, target]);
  const list = usePages('audit', { query });
  const columns: Column<AuditRecord>[] = [
    { id: 'at', label: t('calls.when'), render: ({ at }) => <DateTime at={at} /> },
    {
      id: 'actor',
      label: t('system.by'),
      render: ({ actor: who, by, source }) => (
        <>
          {who}
          <div className={styles.soft}>
            {t(`system.ways.${by}`)} · {source}
          </div>
        </>
      ),
    },
    {
      id: 'operation',
      label: t('system.operation'),
      render: (record) => (
        <>
          {record.operation}
          <div className={styles.soft}>{record.target}</div>
          {record.why !== null && <div>{record.why}</div>}
          <Difference record={record} />
        </>
      ),
    },
    {
      id: 'result',
      label: t('system.result'),
      render: ({ result, error }) => (
        <>
          <Badge appearance="tint" color={COLOURS[result]}>
            {t(`system.results.${result}`)}
          </Badge>
          {error !== null && <div className={styles.soft}>{error}</div>}
        </>
      ),
      wideOnly: true,
    },
  ];
  return (
    <PageFrame title={t('system.audit')} description={t('system.auditText')}>
      <Filters label={t('callLog.filter')}>
        <TextFilter label={t('callLog.from')} type="datetime-local" set={setFrom} />
        <TextFilter label={t('callLog.to')} type="datetime-local" set={setTo} />
        <TextFilter label={t('system.by')} set={setActor} />
        <TextFilter label={t('system.operation')} set={setOperation} />
        <TextFilter label={t('system.target')} set={setTarget} />
      </Filters>
      <DataList<AuditRecord>
        label={t('system.audit')}
        rows={list.items}
        rowKey={({ id }) => id}
        isLoading={list.isPending}
        error={list.error}
        retry={() => void list.refetch()}
        empty={t('system.noAudit')}
        more={moreOf(list)}
        columns={columns}
      />
    </PageFrame>
  );
}

/** `setting: before → after` for what differs; nothing where there is nothing to tell. */
function Difference({ record: { before, after } }: { readonly record: AuditRecord }) {
  const styles = useStyles();
  const { t } = useTranslation();
  const lines = differences(before, after);
  if (lines.length === 0) return null;
  return (
    <details>
      <summary>{t('system.changes')}</summary>
      <pre className={styles.values}>{lines.join('\n')}</pre>
    </details>
  );
}

export function differences(before: unknown, after: unknown): string[] {
  const [old, now] = [flat(before), flat(after)];
  const keys = [...new Set([...old.keys(), ...now.keys()])];
  return keys
    .filter((key) => old.get(key) !== now.get(key))
    .map((key) => `${key}: ${old.get(key) ?? '∅'} → ${now.get(key) ?? '∅'}`);
}

function flat(value: unknown, path = ''): Map<string, string> {
  const found = new Map<string, string>();
  if (value === null || value === undefined) return found;
  if (typeof value !== 'object') return found.set(path, JSON.stringify(value));
  for (const [key, inner] of Object.entries(value)) {
    for (const [name, text] of flat(inner, path === '' ? key : `${path}.${key}`)) found.set(name, text);
  }
  return found;
}
