import {
  Button,
  DrawerBody,
  DrawerFooter,
  DrawerHeader,
  DrawerHeaderTitle,
  makeStyles,
  OverlayDrawer,
} from '@fluentui/react-components';
import { DismissRegular } from '@fluentui/react-icons/svg/dismiss';
import { type ReactNode, useId } from 'react';
import { useTranslation } from 'react-i18next';
import { Trouble } from './states.tsx';

const useStyles = makeStyles({
  panel: { width: '480px', maxWidth: '100vw' },
  form: { display: 'flex', flexDirection: 'column', width: '100%', height: '100%', minHeight: 0 },
  body: { display: 'flex', flexDirection: 'column', gap: '14px', paddingBottom: '16px' },
});

interface EditPanelProps {
  readonly title: string;
  readonly error: Error | null;
  readonly isSaving: boolean;
  /** False: Save cannot be pressed yet. */
  readonly isReady: boolean;
  /** What the button says; `Save` where it is left out. */
  readonly action?: string;
  readonly save: () => void;
  readonly close: () => void;
  readonly children: ReactNode;
}

/** A form that comes over the page from its end: making something new. Stands there as long as it is rendered. */
export function EditPanel({ title, error, isSaving, isReady, action, save, close, children }: EditPanelProps) {
  const styles = useStyles();
  const { t } = useTranslation();
  const id = useId();
  return (
    <OverlayDrawer
      open
      position="end"
      modalType="alert"
      className={styles.panel}
      aria-labelledby={id}
      onOpenChange={(_, { open }) => {
        if (!open) close();
      }}
    >
      <form
        className={styles.form}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          // React hands it on to the form of the page beneath.
          event.stopPropagation();
          if (isReady && !isSaving) save();
        }}
      >
        <DrawerHeader>
          <DrawerHeaderTitle
            heading={{ id }}
            action={
              <Button appearance="subtle" icon={<DismissRegular />} aria-label={t('parts.close')} onClick={close} />
            }
          >
            {title}
          </DrawerHeaderTitle>
        </DrawerHeader>
        <DrawerBody>
          <div className={styles.body}>
            {error !== null && <Trouble error={error} />}
            {children}
          </div>
        </DrawerBody>
        <DrawerFooter>
          <Button type="submit" appearance="primary" disabledFocusable={!isReady || isSaving}>
            {action ?? t('parts.save')}
          </Button>
          <Button onClick={close}>{t('parts.cancel')}</Button>
        </DrawerFooter>
      </form>
    </OverlayDrawer>
  );
}
