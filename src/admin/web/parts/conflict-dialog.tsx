import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { changesOf, type Edit } from './edit.ts';
import { PHONE } from './screen.ts';

const useStyles = makeStyles({
  surface: { maxWidth: '760px' },
  scroll: { overflowX: 'auto' },
  table: {
    width: '100%',
    borderCollapse: 'collapse',
    margin: '12px 0',
    '& th, & td': {
      padding: '6px 10px',
      textAlign: 'start',
      verticalAlign: 'top',
      overflowWrap: 'anywhere',
      borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
      [PHONE]: { padding: '6px 4px' },
    },
    '& thead th': { fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
    '& tbody th': { fontWeight: tokens.fontWeightRegular },
  },
  theirs: { fontWeight: tokens.fontWeightSemibold },
  same: { color: tokens.colorNeutralForeground3 },
});

interface ConflictDialogProps<Draft extends object> {
  readonly edit: Edit<Draft>;
  /** What the fields are called on the page, and what a value looks like there. */
  readonly labels: Readonly<Record<keyof Draft & string, string>>;
  readonly show: (value: Draft[keyof Draft]) => string;
}

/** Two admins at once: says what the other has changed, and lets this one choose, knowingly. */
export function ConflictDialog<Draft extends object>({ edit, labels, show }: ConflictDialogProps<Draft>) {
  const styles = useStyles();
  const { t } = useTranslation();
  if (edit.conflict === null) return null;
  const { base, theirs } = edit.conflict;
  const mine = changesOf(base, edit.draft);
  const others = changesOf(base, theirs.draft);
  const keys = (Object.keys(labels) as (keyof Draft & string)[]).filter((key) => key in others || key in mine);
  const differs = changesOf(theirs.draft, edit.draft);
  const isClash = keys.some((key) => key in others && key in mine && key in differs);
  return (
    <Dialog
      open
      modalType="alert"
      onOpenChange={(_, { open }) => {
        if (!open) edit.dismissConflict();
      }}
    >
      <DialogSurface className={styles.surface}>
        <DialogBody>
          <DialogTitle>{t('parts.conflict.title')}</DialogTitle>
          <DialogContent>
            {t('parts.conflict.text')}
            <div className={styles.scroll}>
              <table className={styles.table}>
                <thead>
                  <tr>
                    <th scope="col">{t('parts.conflict.setting')}</th>
                    <th scope="col">{t('parts.conflict.before')}</th>
                    <th scope="col">{t('parts.conflict.theirs')}</th>
                    <th scope="col">{t('parts.conflict.yours')}</th>
                  </tr>
                </thead>
                <tbody>
                  {keys.map((key) => (
                    <tr key={key}>
                      <th scope="row">{labels[key]}</th>
                      <td>{show(base[key])}</td>
                      <td className={key in others ? styles.theirs : styles.same}>
                        {key in others ? show(theirs.draft[key]) : t('parts.conflict.unchanged')}
                      </td>
                      <td className={key in mine ? styles.theirs : styles.same}>
                        {key in mine ? show(edit.draft[key]) : t('parts.conflict.unchanged')}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            {t(isClash ? 'parts.conflict.clash' : 'parts.conflict.both')}
          </DialogContent>
          <DialogActions fluid>
            <Button appearance="primary" onClick={edit.reload}>
              {t('parts.conflict.reload')}
            </Button>
            <Button onClick={() => void edit.overwrite()} disabledFocusable={edit.isSaving}>
              {t(isClash ? 'parts.conflict.overwrite' : 'parts.conflict.saveBoth')}
            </Button>
            <Button onClick={edit.dismissConflict}>{t('parts.cancel')}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
