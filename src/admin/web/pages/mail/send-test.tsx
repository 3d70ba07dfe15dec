import { MessageBar, MessageBarBody } from '@fluentui/react-components';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../../api/call.ts';
import type { Body } from '../../api/contract.ts';
import { useRead } from '../../api/query.ts';
import { TextField } from '../../parts/fields.tsx';
import { EditPanel } from '../../parts/panel.tsx';
import { useDeed } from '../../parts/use-deed.ts';

const OFFERED = 20;

/** Sends a mail about a call that never was, and says what the mail server answered. */
export function SendTest({ close }: { readonly close: () => void }) {
  const { t } = useTranslation();
  const [mailbox, setMailbox] = useState('');
  const [answer, setAnswer] = useState<Body<'testNotification'> | null>(null);
  const offers = useRead('mailboxes', { query: { search: mailbox, limit: OFFERED } });
  const send = useDeed(async () => {
    setAnswer(null);
    setAnswer((await call('testNotification', { body: { mailbox: mailbox.trim() } })).body);
  });
  return (
    <EditPanel
      title={t('mail.test')}
      error={send.error}
      isSaving={send.isBusy}
      isReady={mailbox.trim() !== ''}
      action={t('mail.send')}
      save={() => send.run()}
      close={close}
    >
      <TextField
        label={t('callLog.mailbox')}
        hint={t('mail.testHint')}
        isRequired
        offers={offers.data?.body.items.map(({ identity }) => identity) ?? []}
        value={mailbox}
        set={setMailbox}
      />
      {answer !== null && (
        <MessageBar intent={answer.accepted ? 'success' : 'error'} layout="multiline" role="status">
          <MessageBarBody>
            {answer.accepted ? t('mail.testSent', { to: answer.to }) : t('mail.testFailed', { answer: answer.answer })}
          </MessageBarBody>
        </MessageBar>
      )}
    </EditPanel>
  );
}
