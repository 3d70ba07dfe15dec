import { makeStyles, MessageBar, MessageBarBody, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import type { MailPreview } from '../../api/contract.ts';
import { Facts } from '../../parts/fields.tsx';

const useStyles = makeStyles({
  mail: { display: 'flex', flexDirection: 'column', gap: '12px' },
  frame: {
    boxSizing: 'border-box',
    width: '100%',
    height: '520px',
    border: `1px solid ${tokens.colorNeutralStroke1}`,
    borderRadius: tokens.borderRadiusMedium,
    // The mail has its own colours, as its reader's program shows them.
    backgroundColor: '#ffffff',
  },
  text: {
    margin: 0,
    padding: '12px',
    overflowX: 'auto',
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: tokens.borderRadiusMedium,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    whiteSpace: 'pre-wrap',
  },
});

/** A mail as its reader will see it: nothing in the frame runs, and nothing is loaded from anywhere. */
export function MailView({ mail }: { readonly mail: MailPreview }) {
  const styles = useStyles();
  const { t } = useTranslation();
  return (
    <div className={styles.mail}>
      {mail.problems.map((problem) => (
        <MessageBar key={problem} intent="error" layout="multiline">
          <MessageBarBody>{problem}</MessageBarBody>
        </MessageBar>
      ))}
      <Facts
        facts={[
          [t('mail.from'), mail.from],
          [t('mail.to'), mail.to],
          [t('mail.subject'), <strong key="subject">{mail.subject}</strong>],
        ]}
      />
      <iframe className={styles.frame} title={t('mail.asHtml')} sandbox="" src={mail.page} />
      <details>
        <summary>{t('mail.asText')}</summary>
        <pre className={styles.text}>{mail.text}</pre>
      </details>
    </div>
  );
}
