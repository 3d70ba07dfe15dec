import { makeStyles, MessageBar, MessageBarBody, MessageBarTitle, tokens } from '@fluentui/react-components';
import { CheckmarkCircleFilled } from '@fluentui/react-icons/svg/checkmark-circle';
import { WarningFilled } from '@fluentui/react-icons/svg/warning';
import { ErrorCircleFilled } from '@fluentui/react-icons/svg/error-circle';
import { useTranslation } from 'react-i18next';
import type { Health } from '../../api/contract.ts';
import { useRead } from '../../api/query.ts';
import { Facts } from '../../parts/fields.tsx';
import { PageLink } from '../../parts/link.tsx';
import { Loaded } from '../../parts/states.tsx';
import { TimeAgo } from '../../parts/time.tsx';
import { useMay } from '../../shell/session.ts';
import { DIAL_PLANS } from '../dial-plans/paths.ts';
import { checkName, checkText } from '../../parts/checks.ts';

const EVERY_MS = 10_000;

const useStyles = makeStyles({
  side: { display: 'flex', flexDirection: 'column', gap: '20px', minWidth: 0 },
  checks: { listStyleType: 'none', margin: '0 0 10px', padding: 0 },
  check: { display: 'flex', gap: '8px', padding: '3px 0', overflowWrap: 'anywhere' },
  good: { flexShrink: 0, marginTop: '2px', fontSize: '16px', color: tokens.colorPaletteGreenForeground1 },
  bad: { flexShrink: 0, marginTop: '2px', fontSize: '16px', color: tokens.colorPaletteRedForeground1 },
  odd: { flexShrink: 0, marginTop: '2px', fontSize: '16px', color: tokens.colorPaletteMarigoldForeground1 },
  broken: { marginBottom: '10px' },
  problem: { marginTop: '4px' },
});

/** Checks, the policy file, the gateway itself. */
export function GatewayState({ headingClass }: { readonly headingClass: string }) {
  const styles = useStyles();
  const health = useRead('health', {}, { everyMs: EVERY_MS });
  return (
    <Loaded query={health}>
      {({ body }) => (
        <div className={styles.side}>
          <Gateway health={body} headingClass={headingClass} />
          <PolicyFile policy={body.policy} headingClass={headingClass} />
          <Tasks headingClass={headingClass} />
        </div>
      )}
    </Loaded>
  );
}

function Gateway({ health, headingClass }: { readonly health: Health; readonly headingClass: string }) {
  const styles = useStyles();
  const { t, i18n } = useTranslation();
  return (
    <section aria-label={t('home.gateway')}>
      <h2 className={headingClass}>{t('home.gateway')}</h2>
      <ul className={styles.checks} aria-label={t('home.checks')}>
        {health.checks.map((check) => (
          <li key={check.name} className={styles.check}>
            <StateIcon check={check} />
            <span>{t('home.checkLine', { name: checkName(t, check), text: checkText(t, i18n.language, check) })}</span>
          </li>
        ))}
      </ul>
      <Facts
        facts={[
          [t('home.node'), health.node],
          [t('home.program'), health.version],
          [t('home.started'), <TimeAgo key="started" at={health.startedAt} />],
        ]}
      />
    </section>
  );
}

function StateIcon({ check: { ok, attention } }: { readonly check: Health['checks'][number] }) {
  const styles = useStyles();
  const { t } = useTranslation();
  if (!ok) return <ErrorCircleFilled className={styles.bad} aria-label={t('home.failing')} />;
  if (attention === true) return <WarningFilled className={styles.odd} aria-label={t('home.attention')} />;
  return <CheckmarkCircleFilled className={styles.good} aria-label={t('home.ok')} />;
}

function PolicyFile({ policy, headingClass }: { readonly policy: Health['policy']; readonly headingClass: string }) {
  const styles = useStyles();
  const { t } = useTranslation();
  const { error, path, loadedAt } = policy;
  return (
    <section aria-label={t('home.policyFile')}>
      <h2 className={headingClass}>{t('home.policyFile')}</h2>
      {error !== null && (
        <MessageBar intent="error" layout="multiline" className={styles.broken}>
          <MessageBarBody>
            <MessageBarTitle>{t('home.policyBroken')}</MessageBarTitle>
            {error.problems.map(({ line, column, message, remedy }) => (
              <div key={`${line}:${column}:${message}`} className={styles.problem}>
                {t('home.line', { line, column })}: {message} {remedy}
              </div>
            ))}
            {error.problems.length === 0 && error.message}
          </MessageBarBody>
        </MessageBar>
      )}
      <Facts
        facts={[
          ...(error === null ? ([[t('home.state'), t('home.policyGood')]] as const) : []),
          [t('home.file'), path],
          [t('home.loaded'), <TimeAgo key="loaded" at={loadedAt} />],
        ]}
      />
    </section>
  );
}

function Tasks({ headingClass }: { readonly headingClass: string }) {
  const { t } = useTranslation();
  const may = useMay();
  if (!may('policy.write')) return null;
  return (
    <section aria-label={t('home.tasks')}>
      <h2 className={headingClass}>{t('home.tasks')}</h2>
      <PageLink to={DIAL_PLANS}>{t('home.toPolicies')}</PageLink>
    </section>
  );
}
