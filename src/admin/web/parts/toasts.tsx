import { Toast, Toaster, type ToastIntent, ToastTitle, useId, useToastController } from '@fluentui/react-components';
import { createContext, type ReactNode, use } from 'react';

const Context = createContext('');

export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const id = useId('toasts');
  return (
    <Context value={id}>
      {children}
      <Toaster toasterId={id} position="bottom-end" limit={3} />
    </Context>
  );
}

/** `const notify = useNotify(); notify(t('policies.saved'))`: what has been done, for a moment, and to screen readers. */
export function useNotify(): (text: string, intent?: ToastIntent) => void {
  const { dispatchToast } = useToastController(use(Context));
  return (text, intent = 'success') => {
    dispatchToast(
      <Toast>
        <ToastTitle>{text}</ToastTitle>
      </Toast>,
      { intent, politeness: intent === 'error' ? 'assertive' : 'polite' },
    );
  };
}
