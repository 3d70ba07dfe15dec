import { useTranslation } from 'react-i18next';
import { isConflict } from '../api/problem.ts';
import { removeSeen } from './deeds.ts';
import { ConfirmDialog } from './dialogs.tsx';
import { useNotify } from './toasts.tsx';
import { useDeed } from './use-deed.ts';

interface RemoveDialogProps {
  readonly name: string;
  /** What follows from it. */
  readonly text: string;
  /** As the list shows it, from that version of the policy file. */
  readonly seen: object;
  readonly etag: string | null;
  readonly read: () => Promise<{ readonly body: object; readonly etag: string | null }>;
  readonly remove: (ifMatch: string | null) => Promise<unknown>;
  readonly close: () => void;
}

/** Removes something from the policy file, once one has said yes, and only what one has seen. */
export function RemoveDialog({ name, text, seen, etag, read, remove, close }: RemoveDialogProps) {
  const { t } = useTranslation();
  const notify = useNotify();
  const deed = useDeed(async () => {
    try {
      await removeSeen(etag, seen, read, remove);
    } catch (failure) {
      throw isConflict(failure) ? new Error(t('policies.changed'), { cause: failure }) : failure;
    }
    notify(t('policies.removed', { name }));
    close();
  });
  return (
    <ConfirmDialog
      title={t('policies.removeTitle', { name })}
      text={text}
      action={t('parts.remove')}
      isBusy={deed.isBusy}
      error={deed.error}
      confirm={() => deed.run()}
      cancel={close}
    />
  );
}
