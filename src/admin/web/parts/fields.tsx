import { Checkbox, Field, Input, makeStyles, Select, Textarea, tokens } from '@fluentui/react-components';
import { Fragment, type ReactNode, useId, useState } from 'react';

const useStyles = makeStyles({
  fields: { display: 'flex', flexDirection: 'column', gap: '14px', maxWidth: '520px' },
  // In line with the other fields: Fluent's box stands 8 px in.
  check: { display: 'flex', flexDirection: 'column', marginInlineStart: '-8px' },
  checkHint: {
    marginInlineStart: '36px',
    marginTop: '-4px',
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
  },
  short: { maxWidth: '160px' },
  facts: {
    display: 'grid',
    gridTemplateColumns: 'minmax(120px, max-content) minmax(0, 1fr)',
    gap: '6px 16px',
    margin: 0,
    '& dt': { color: tokens.colorNeutralForeground3 },
    '& dd': { margin: 0, overflowWrap: 'anywhere' },
  },
  note: { marginTop: '4px', color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
  set: { border: 'none', margin: 0, padding: 0, minWidth: 0 },
  legend: { padding: 0, marginBottom: '4px', fontWeight: tokens.fontWeightSemibold },
});

/** Fields one below the other. */
export function Fields({ children }: { readonly children: ReactNode }) {
  const styles = useStyles();
  return <div className={styles.fields}>{children}</div>;
}

/** Fields that belong together, under a heading. */
export function FieldSet({ legend, children }: { readonly legend: string; readonly children: ReactNode }) {
  const styles = useStyles();
  return (
    <fieldset className={styles.set}>
      <legend className={styles.legend}>{legend}</legend>
      {children}
    </fieldset>
  );
}

interface Common {
  readonly label: string;
  readonly hint?: string;
  readonly mistake?: string | undefined;
  readonly isReadOnly?: boolean;
  readonly isRequired?: boolean;
}

function around({ label, hint, mistake, isRequired }: Common) {
  return {
    label,
    required: isRequired ?? false,
    ...(hint !== undefined && { hint }),
    ...(mistake !== undefined && { validationMessage: mistake }),
  };
}

interface TextFieldProps extends Common {
  readonly value: string;
  readonly set: (value: string) => void;
  /** Offered while one types. */
  readonly offers?: readonly string[];
  readonly isShort?: boolean;
  readonly maxLength?: number;
}

export function TextField(props: TextFieldProps) {
  const styles = useStyles();
  const id = useId();
  const { value, set, offers = [], isReadOnly = false, isShort = false, maxLength } = props;
  return (
    <Field {...around(props)}>
      <Input
        {...(isShort && { className: styles.short })}
        value={value}
        readOnly={isReadOnly}
        {...(maxLength !== undefined && { maxLength })}
        {...(offers.length > 0 && { list: id })}
        onChange={(_, data) => set(data.value)}
      />
      {offers.length > 0 && (
        <datalist id={id}>
          {offers.map((offer) => (
            <option key={offer} value={offer} />
          ))}
        </datalist>
      )}
    </Field>
  );
}

interface NumberFieldProps extends Common {
  readonly value: number;
  readonly set: (value: number) => void;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
}

/** A number; what is typed and is none stays visible, and is not taken over. */
export function NumberField(props: NumberFieldProps) {
  const styles = useStyles();
  const { value, set, min, max, step = 1, isReadOnly = false } = props;
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <Field {...around(props)}>
      <Input
        className={styles.short}
        type="number"
        min={min}
        max={max}
        step={step}
        readOnly={isReadOnly}
        value={typed ?? String(value)}
        onChange={(_, data) => {
          setTyped(data.value);
          const number = Number(data.value);
          if (data.value !== '' && number >= min && number <= max) set(number);
        }}
        onBlur={() => setTyped(null)}
      />
    </Field>
  );
}

interface SelectFieldProps<Value extends string> extends Common {
  readonly value: Value;
  readonly set: (value: Value) => void;
  readonly choices: readonly { readonly value: Value; readonly label: string }[];
}

export function SelectField<Value extends string>(props: SelectFieldProps<Value>) {
  const { value, set, choices, isReadOnly = false } = props;
  return (
    <Field {...around(props)}>
      <Select
        value={value}
        disabled={isReadOnly}
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

interface LinesFieldProps extends Common {
  readonly values: readonly string[];
  readonly set: (values: string[]) => void;
}

/** Several values, one a line. */
export function LinesField(props: LinesFieldProps) {
  const { values, set, isReadOnly = false } = props;
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <Field {...around(props)}>
      <Textarea
        rows={3}
        resize="vertical"
        readOnly={isReadOnly}
        value={typed ?? values.join('\n')}
        onChange={(_, data) => {
          setTyped(data.value);
          set(
            data.value
              .split('\n')
              .map((line) => line.trim())
              .filter((line) => line !== ''),
          );
        }}
        onBlur={() => setTyped(null)}
      />
    </Field>
  );
}

interface CheckFieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly value: boolean;
  readonly set: (value: boolean) => void;
  readonly isReadOnly?: boolean;
}

export function CheckField({ label, hint, value, set, isReadOnly = false }: CheckFieldProps) {
  const styles = useStyles();
  const id = useId();
  return (
    <div className={styles.check}>
      <Checkbox
        label={label}
        checked={value}
        disabled={isReadOnly}
        {...(hint !== undefined && { 'aria-describedby': id })}
        onChange={(_, { checked }) => set(checked === true)}
      />
      {hint !== undefined && (
        <span id={id} className={styles.checkHint}>
          {hint}
        </span>
      )}
    </div>
  );
}

interface FactsProps {
  readonly facts: readonly (readonly [name: string, value: ReactNode])[];
  readonly note?: string;
}

/** What cannot be changed here: names and values. */
export function Facts({ facts, note }: FactsProps) {
  const styles = useStyles();
  return (
    <div>
      <dl className={styles.facts}>
        {facts.map(([name, value]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
      </dl>
      {note !== undefined && <div className={styles.note}>{note}</div>}
    </div>
  );
}
