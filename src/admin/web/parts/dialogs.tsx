import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Trouble } from './states.tsx';

interface ConfirmDialogProps {
  readonly title: string;
  readonly text: ReactNode;
  /** What the button says that does it: `Remove`, not `Yes`. */
  readonly action: string;
  readonly isBusy?: boolean;
  readonly error?: Error | null;
  readonly confirm: () => void;
  readonly cancel: () => void;
}

/** Asks before something that cannot be taken back. Stands there as long as it is rendered. */
export function ConfirmDialog({
  title,
  text,
  action,
  isBusy = false,
  error = null,
  confirm,
  cancel,
}: ConfirmDialogProps) {
  const { t } = useTranslation();
  return (
    <Dialog
      open
      modalType="alert"
      onOpenChange={(_, { open }) => {
        if (!open) cancel();
      }}
    >
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{title}</DialogTitle>
          <DialogContent>
            {text}
            {error !== null && <Trouble error={error} />}
          </DialogContent>
          <DialogActions>
            <Button appearance="primary" onClick={confirm} disabledFocusable={isBusy}>
              {action}
            </Button>
            <Button onClick={cancel}>{t('parts.cancel')}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
