import { Button, makeStyles, mergeClasses, Skeleton, SkeletonItem, Spinner, tokens } from '@fluentui/react-components';
import { type ReactNode, useId } from 'react';
import { useTranslation } from 'react-i18next';
import { PHONE } from './screen.ts';
import { Empty, Trouble } from './states.tsx';

const SKELETON_ROWS = ['a', 'b', 'c', 'd', 'e', 'f'];

const useStyles = makeStyles({
  scroll: { overflowX: 'auto' },
  table: { width: '100%', borderCollapse: 'collapse', fontSize: tokens.fontSizeBase300 },
  head: {
    position: 'sticky',
    top: 0,
    padding: '6px 10px',
    textAlign: 'start',
    whiteSpace: 'nowrap',
    [PHONE]: { whiteSpace: 'normal' },
    fontSize: tokens.fontSizeBase200,
    fontWeight: tokens.fontWeightSemibold,
    color: tokens.colorNeutralForeground2,
    borderBottom: `1px solid ${tokens.colorNeutralStroke1}`,
  },
  row: {
    borderBottom: `1px solid ${tokens.colorNeutralStroke3}`,
    ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover },
  },
  selectable: { cursor: 'pointer' },
  chosen: {
    backgroundColor: tokens.colorBrandBackground2,
    ':hover': { backgroundColor: tokens.colorBrandBackground2Hover },
  },
  cell: { padding: '7px 10px', verticalAlign: 'top', lineHeight: tokens.lineHeightBase300, overflowWrap: 'anywhere' },
  end: { textAlign: 'end', fontVariantNumeric: 'tabular-nums' },
  pick: { width: '20px', padding: '8px 0 0 10px', verticalAlign: 'top' },
  pickHead: { borderBottom: `1px solid ${tokens.colorNeutralStroke1}` },
  wideOnly: { [PHONE]: { display: 'none' } },
  picker: { margin: 0, width: '16px', height: '16px', accentColor: tokens.colorBrandBackground, cursor: 'pointer' },
  foot: {
    display: 'flex',
    alignItems: 'center',
    gap: '12px',
    padding: '8px 10px',
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground3,
  },
  hidden: {
    position: 'absolute',
    width: '1px',
    height: '1px',
    overflow: 'hidden',
    clipPath: 'inset(50%)',
    whiteSpace: 'nowrap',
  },
});

export interface Column<Row> {
  readonly id: string;
  readonly label: string;
  readonly render: (row: Row) => ReactNode;
  /** Numbers stand at the end. */
  readonly isNumber?: boolean;
  /** Left out on a phone. */
  readonly wideOnly?: boolean;
}

interface More {
  readonly isFetching: boolean;
  readonly fetch: () => void;
}

export interface DataListProps<Row> {
  /** What the list is of, for screen readers. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** What a row is called, for its box to be ticked. */
  readonly rowName?: (row: Row) => string;
  readonly isLoading?: boolean;
  readonly error?: Error | null;
  readonly retry?: () => void;
  /** Said where there are no rows. */
  readonly empty: string;
  readonly emptyAction?: ReactNode;
  /** Rows may be selected: their keys. `many` with boxes, else one. */
  readonly selected?: ReadonlySet<string>;
  readonly select?: (keys: ReadonlySet<string>) => void;
  readonly many?: boolean;
  /** A row is opened by a double click, as Exchange's lists do; the first column should hold a link too. */
  readonly open?: (row: Row) => void;
  /** Present where there are more rows to be fetched. */
  readonly more?: More | null;
  /** How many there are in all, where it is known. */
  readonly total?: number;
}

/** A list of things in rows: loading, empty, failed, paged; with a selection where `select` is given. */
export function DataList<Row>(props: DataListProps<Row>) {
  const styles = useStyles();
  const { label, columns, rows, isLoading = false, error = null, retry, select } = props;
  if (error !== null && rows.length === 0) return <Trouble error={error} {...(retry && { retry })} />;
  if (!isLoading && rows.length === 0) return <Empty text={props.empty}>{props.emptyAction}</Empty>;
  return (
    <>
      {error !== null && <Trouble error={error} {...(retry && { retry })} />}
      <div className={styles.scroll}>
        <table className={styles.table} aria-label={label} aria-busy={isLoading}>
          <thead>
            <tr>
              {select !== undefined && <PickHead {...props} />}
              {columns.map((column) => (
                <th key={column.id} scope="col" className={cellClass(styles, column, styles.head)}>
                  {column.label}
                </th>
              ))}
            </tr>
          </thead>
          {isLoading ? <LoadingRows {...props} /> : <Rows {...props} />}
        </table>
      </div>
      <Foot {...props} />
    </>
  );
}

function cellClass<Row>(
  styles: ReturnType<typeof useStyles>,
  { isNumber = false, wideOnly = false }: Column<Row>,
  base: string,
): string {
  return mergeClasses(base, isNumber && styles.end, wideOnly && styles.wideOnly);
}

function PickHead<Row>({ many = false, rows, rowKey, selected = new Set(), select }: DataListProps<Row>) {
  const styles = useStyles();
  const { t } = useTranslation();
  const isAll = rows.length > 0 && rows.every((row) => selected.has(rowKey(row)));
  return (
    <th scope="col" className={mergeClasses(styles.pick, styles.pickHead)}>
      {many ? (
        <input
          type="checkbox"
          className={styles.picker}
          aria-label={t('parts.list.selectAll')}
          checked={isAll}
          onChange={() => select?.(new Set(isAll ? [] : rows.map(rowKey)))}
        />
      ) : (
        <span className={styles.hidden}>{t('parts.list.select')}</span>
      )}
    </th>
  );
}

function LoadingRows<Row>({ columns, select }: DataListProps<Row>) {
  const styles = useStyles();
  return (
    <tbody>
      {SKELETON_ROWS.map((row) => (
        <tr key={row} className={styles.row}>
          {select !== undefined && <td className={styles.pick} />}
          {columns.map((column) => (
            <td key={column.id} className={cellClass(styles, column, styles.cell)}>
              <Skeleton>
                <SkeletonItem size={16} />
              </Skeleton>
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  );
}

function Rows<Row>(props: DataListProps<Row>) {
  const styles = useStyles();
  const { t } = useTranslation();
  const name = useId();
  const { columns, rows, rowKey, rowName = rowKey, selected = new Set<string>(), select, many = false, open } = props;
  const toggle = (key: string) => {
    if (!many) return select?.(new Set([key]));
    const next = new Set(selected);
    if (!next.delete(key)) next.add(key);
    return select?.(next);
  };
  return (
    <tbody>
      {rows.map((row) => {
        const key = rowKey(row);
        const isChosen = selected.has(key);
        return (
          <tr
            key={key}
            className={mergeClasses(styles.row, select && styles.selectable, isChosen && styles.chosen)}
            onClick={() => toggle(key)}
            onDoubleClick={() => open?.(row)}
          >
            {select !== undefined && (
              <td className={styles.pick}>
                <input
                  type={many ? 'checkbox' : 'radio'}
                  name={name}
                  className={styles.picker}
                  aria-label={t('parts.list.selectRow', { name: rowName(row) })}
                  checked={isChosen}
                  // The row hears the click.
                  onChange={() => {}}
                />
              </td>
            )}
            {columns.map((column) => (
              <td key={column.id} className={cellClass(styles, column, styles.cell)}>
                {column.render(row)}
              </td>
            ))}
          </tr>
        );
      })}
    </tbody>
  );
}

function Foot<Row>({ rows, isLoading = false, more = null, total, selected, many = false }: DataListProps<Row>) {
  const styles = useStyles();
  const { t } = useTranslation();
  if (isLoading) return null;
  return (
    <div className={styles.foot}>
      <span role="status">
        {total === undefined || total === rows.length
          ? t('parts.list.count', { count: rows.length })
          : t('parts.list.countOf', { shown: rows.length, count: total })}
        {many && (selected?.size ?? 0) > 0 && ` · ${t('parts.list.selected', { count: selected?.size ?? 0 })}`}
      </span>
      {more !== null && (
        <Button size="small" onClick={more.fetch} disabledFocusable={more.isFetching}>
          {more.isFetching ? <Spinner size="extra-tiny" aria-label={t('parts.loading')} /> : t('parts.list.more')}
        </Button>
      )}
    </div>
  );
}

/** `more` of a list, from `usePages`. */
export function moreOf(list: {
  readonly hasNextPage: boolean;
  readonly isFetchingNextPage: boolean;
  readonly fetchNextPage: () => Promise<unknown>;
}): More | null {
  if (!list.hasNextPage) return null;
  return { isFetching: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() };
}
