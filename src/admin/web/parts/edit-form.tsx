import { Button, Input, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { type ReactNode, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useBlocker, useSearchParams } from 'react-router';
import { ConfirmDialog } from './dialogs.tsx';
import type { Edit } from './edit.ts';
import { PHONE } from './screen.ts';
import { Trouble } from './states.tsx';

const MAX_WHY = 512;

const useStyles = makeStyles({
  form: {
    display: 'grid',
    gridTemplateColumns: '200px minmax(0, 1fr)',
    gap: '0 24px',
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
    [PHONE]: { display: 'block' },
  },
  tabs: {
    paddingTop: '8px',
    borderRight: `1px solid ${tokens.colorNeutralStroke2}`,
    [PHONE]: {
      display: 'flex',
      overflowX: 'auto',
      borderRight: 'none',
      borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
      paddingTop: 0,
    },
  },
  tab: {
    display: 'block',
    boxSizing: 'border-box',
    width: '100%',
    padding: '7px 10px',
    border: 'none',
    borderLeft: '3px solid transparent',
    background: 'none',
    textAlign: 'start',
    font: 'inherit',
    color: tokens.colorNeutralForeground1,
    cursor: 'pointer',
    ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '-2px' },
    [PHONE]: {
      width: 'auto',
      whiteSpace: 'nowrap',
      padding: '10px 12px',
      borderLeft: 'none',
      borderBottom: '3px solid transparent',
    },
  },
  chosen: {
    borderLeftColor: tokens.colorBrandStroke1,
    fontWeight: tokens.fontWeightSemibold,
    [PHONE]: { borderBottomColor: tokens.colorBrandStroke1 },
  },
  panel: { padding: '16px 0 24px', minWidth: 0, minHeight: '260px', ':focus-visible': { outlineStyle: 'none' } },
  trouble: { margin: '0 0 12px' },
  foot: {
    position: 'sticky',
    bottom: 0,
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: '8px',
    padding: '10px 0',
    backgroundColor: tokens.colorNeutralBackground1,
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  why: { flexGrow: 1, minWidth: '200px', maxWidth: '420px' },
  buttons: { display: 'flex', gap: '8px', marginInlineStart: 'auto' },
});

export interface FormTab {
  /** In the address: `?tab=general`. */
  readonly id: string;
  readonly label: string;
  readonly content: ReactNode;
}

/** Tabs at the side, as the Exchange admin center has them; on a phone above. The chosen one stands in the address. */
export function SideTabs({ tabs, label }: { readonly tabs: readonly FormTab[]; readonly label: string }) {
  const styles = useStyles();
  const [search, setSearch] = useSearchParams();
  const chosen = tabs.find(({ id }) => id === search.get('tab')) ?? tabs[0];
  const choose = (id: string) => setSearch({ tab: id }, { replace: true });
  const move = (event: React.KeyboardEvent, to: number) => {
    event.preventDefault();
    const next = tabs.at(to % tabs.length);
    if (next === undefined) return;
    choose(next.id);
    document.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus();
  };
  return (
    <div className={styles.form}>
      <div className={styles.tabs} role="tablist" aria-label={label} aria-orientation="vertical">
        {tabs.map((tab, index) => (
          <button
            key={tab.id}
            id={`tab-${tab.id}`}
            type="button"
            role="tab"
            aria-selected={tab === chosen}
            aria-controls="tab-panel"
            tabIndex={tab === chosen ? 0 : -1}
            className={mergeClasses(styles.tab, tab === chosen && styles.chosen)}
            onClick={() => choose(tab.id)}
            onKeyDown={(event) => {
              if (event.key === 'ArrowDown' || event.key === 'ArrowRight') move(event, index + 1);
              if (event.key === 'ArrowUp' || event.key === 'ArrowLeft') move(event, index - 1);
            }}
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div id="tab-panel" role="tabpanel" aria-labelledby={`tab-${chosen?.id}`} className={styles.panel}>
        {chosen?.content}
      </div>
    </div>
  );
}

interface EditFormProps<Draft extends object> {
  readonly edit: Edit<Draft>;
  /** Where Cancel goes. */
  readonly leave: () => void;
  readonly isReadOnly: boolean;
  readonly children: ReactNode;
}

/** A form with Save and Cancel at its end, that does not let one leave with unsaved changes by mistake. */
export function EditForm<Draft extends object>({ edit, leave, isReadOnly, children }: EditFormProps<Draft>) {
  const styles = useStyles();
  const { t } = useTranslation();
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (edit.isDirty && !edit.isSaving) void edit.save();
      }}
    >
      {edit.error !== null && (
        <div className={styles.trouble}>
          <Trouble error={edit.error} />
        </div>
      )}
      {children}
      {!isReadOnly && (
        <div className={styles.foot}>
          {edit.isDirty && (
            <Input
              className={styles.why}
              aria-label={t('parts.edited.why')}
              placeholder={t('parts.edited.why')}
              maxLength={MAX_WHY}
              value={edit.why}
              onChange={(_, { value }) => edit.setWhy(value)}
            />
          )}
          <div className={styles.buttons}>
            <Button type="submit" appearance="primary" disabledFocusable={!edit.isDirty || edit.isSaving}>
              {t('parts.save')}
            </Button>
            <Button onClick={leave}>{t('parts.cancel')}</Button>
          </div>
        </div>
      )}
      <LeaveGuard isDirty={edit.isDirty} />
    </form>
  );
}

function LeaveGuard({ isDirty }: { readonly isDirty: boolean }) {
  const { t } = useTranslation();
  const blocker = useBlocker(
    ({ currentLocation, nextLocation }) => isDirty && currentLocation.pathname !== nextLocation.pathname,
  );
  useEffect(() => {
    if (!isDirty) return undefined;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [isDirty]);
  if (blocker.state !== 'blocked') return null;
  return (
    <ConfirmDialog
      title={t('parts.edited.leaveTitle')}
      text={t('parts.edited.leaveText')}
      action={t('parts.edited.leave')}
      confirm={() => blocker.proceed()}
      cancel={() => blocker.reset()}
    />
  );
}
