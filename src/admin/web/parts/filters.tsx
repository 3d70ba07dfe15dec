import { Field, Input, makeStyles, Select } from '@fluentui/react-components';
import { type ReactNode, useEffect, useState } from 'react';
import { PHONE } from './screen.ts';
import { SEARCH_PAUSE_MS } from './tools.tsx';

const useStyles = makeStyles({
  filters: { display: 'flex', flexWrap: 'wrap', gap: '4px 12px', alignItems: 'flex-end', padding: '4px 0 10px' },
  filter: { minWidth: '120px', maxWidth: '200px', [PHONE]: { minWidth: 'calc(50% - 12px)', flexGrow: 1 } },
});

/** What a list is narrowed down by, in one line above it. */
export function Filters({ children, label }: { readonly children: ReactNode; readonly label: string }) {
  const styles = useStyles();
  return (
    <div className={styles.filters} role="search" aria-label={label}>
      {children}
    </div>
  );
}

interface TextFilterProps {
  readonly label: string;
  readonly set: (value: string) => void;
  readonly type?: 'text' | 'datetime-local' | 'date';
  readonly start?: string;
}

/** Told when the typing pauses. */
export function TextFilter({ label, set, type = 'text', start = '' }: TextFilterProps) {
  const styles = useStyles();
  const [text, setText] = useState(start);
  useEffect(() => {
    const timer = setTimeout(() => set(text.trim()), SEARCH_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, set]);
  return (
    <Field label={label} size="small" className={styles.filter}>
      <Input size="small" type={type} value={text} onChange={(_, { value }) => setText(value)} />
    </Field>
  );
}

interface ChoiceFilterProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly set: (value: Value) => void;
  readonly choices: readonly { readonly value: Value; readonly label: string }[];
}

export function ChoiceFilter<Value extends string>({ label, value, set, choices }: ChoiceFilterProps<Value>) {
  const styles = useStyles();
  return (
    <Field label={label} size="small" className={styles.filter}>
      <Select
        size="small"
        value={value}
        onChange={(_, data) => {
          const chosen = choices.find((choice) => choice.value === data.value);
          if (chosen !== undefined) set(chosen.value);
        }}
      >
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </Select>
    </Field>
  );
}

/** What a field of date and time says, in UTC as the API has it; undefined: nothing, or nothing yet. */
export function instantOf(local: string): string | undefined {
  const at = local === '' ? Number.NaN : Date.parse(local);
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}
