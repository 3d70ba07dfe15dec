import { Button, makeStyles, SearchBox, tokens } from '@fluentui/react-components';
import { type ReactElement, type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PHONE } from './screen.ts';

/** A search is sent when this long nothing was typed. */
export const SEARCH_PAUSE_MS = 250;

const useStyles = makeStyles({
  tools: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: '4px 8px',
    padding: '2px 0',
    marginBottom: '4px',
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  buttons: { display: 'flex', flexWrap: 'wrap', gap: '2px', minHeight: '32px', marginInlineStart: '-8px' },
  rest: {
    marginInlineStart: 'auto',
    display: 'flex',
    gap: '8px',
    alignItems: 'center',
    [PHONE]: { marginInlineStart: 0, width: '100%', flexWrap: 'wrap' },
  },
  button: { fontWeight: tokens.fontWeightRegular, minWidth: 'auto', paddingInline: '8px' },
  search: { width: '240px', [PHONE]: { width: '100%', maxWidth: 'none' } },
});

/** The line of commands above a list; `children` stand at its end (a search, a filter). */
export function Tools({
  commands,
  label,
  children,
}: {
  readonly commands?: ReactNode;
  readonly label: string;
  readonly children?: ReactNode;
}) {
  const styles = useStyles();
  return (
    <div className={styles.tools}>
      <div className={styles.buttons} role="group" aria-label={label}>
        {commands}
      </div>
      {children !== undefined && <div className={styles.rest}>{children}</div>}
    </div>
  );
}

interface CommandProps {
  readonly icon: ReactElement;
  readonly label: string;
  readonly run: () => void;
  readonly isDisabled?: boolean;
}

/** One command: `New`, `Edit`, `Remove`. */
export function Command({ icon, label, run, isDisabled = false }: CommandProps) {
  const styles = useStyles();
  return (
    <Button appearance="subtle" className={styles.button} icon={icon} onClick={run} disabledFocusable={isDisabled}>
      {label}
    </Button>
  );
}

/** A search field that tells what is typed when the typing pauses. */
export function Search({ label, search }: { readonly label: string; readonly search: (text: string) => void }) {
  const styles = useStyles();
  const { t } = useTranslation();
  const [text, setText] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => search(text.trim()), SEARCH_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, search]);
  return (
    <SearchBox
      className={styles.search}
      size="small"
      aria-label={label}
      placeholder={t('parts.search')}
      value={text}
      onChange={(_, { value }) => setText(value)}
      onKeyDown={(event) => {
        // It may stand in a form that Enter would send.
        if (event.key === 'Enter') event.preventDefault();
      }}
    />
  );
}
