import { MessageBar, MessageBarBody } from '@fluentui/react-components';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate, useParams } from 'react-router';
import { call, type Reply } from '../../api/call.ts';
import type { MailboxPolicy } from '../../api/contract.ts';
import { useRead } from '../../api/query.ts';
import { ConflictDialog } from '../../parts/conflict-dialog.tsx';
import { type Edit, mistakeOf, useEdit } from '../../parts/edit.ts';
import { EditForm, SideTabs } from '../../parts/edit-form.tsx';
import { CheckField, Facts, Fields, FieldSet, NumberField, TextField } from '../../parts/fields.tsx';
import { PageLink } from '../../parts/link.tsx';
import { Page as PageFrame } from '../../parts/page.tsx';
import { Loaded } from '../../parts/states.tsx';
import { useNotify } from '../../parts/toasts.tsx';
import { useMay } from '../../shell/session.ts';
import { DIAL_PLANS, dialPlanPath, mailboxPolicyPath } from './paths.ts';
import { MAX_POLICY_NAME, MAX_RING_SECONDS } from './values.ts';

const SECOND_MS = 1000;

type Conditions = MailboxPolicy['conditions'];
interface Draft extends Conditions {
  readonly name: string;
  readonly allowMissedCallNotifications: boolean;
}

function draftOf({ name, allowMissedCallNotifications, conditions }: MailboxPolicy): Draft {
  return { name, allowMissedCallNotifications, ...conditions };
}

function bodyOf({ name, allowMissedCallNotifications, ...conditions }: Partial<Draft>) {
  return {
    ...(name !== undefined && { name: name.trim() }),
    ...(allowMissedCallNotifications !== undefined && { allowMissedCallNotifications }),
    ...(Object.keys(conditions).length > 0 && { conditions }),
  };
}

export function Page() {
  const { t } = useTranslation();
  const { name = '' } = useParams();
  const policy = useRead('mailboxPolicy', { params: { name } });
  const dialPlan = policy.data?.body.dialPlan;
  return (
    <PageFrame
      title={name}
      kind={t('policies.mailboxPolicy')}
      crumbs={[
        { label: t('policies.dialPlans'), to: DIAL_PLANS },
        ...(dialPlan === undefined ? [] : [{ label: dialPlan, to: dialPlanPath(dialPlan, 'policies') }]),
      ]}
    >
      <Loaded query={policy}>{(reply) => <PolicyForm key={reply.body.name} reply={reply} />}</Loaded>
    </PageFrame>
  );
}

function PolicyForm({ reply }: { readonly reply: Reply<'mailboxPolicy'> }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const notify = useNotify();
  const isReadOnly = !useMay()('policy.write');
  const { name, dialPlan } = reply.body;
  const start = useMemo(() => ({ draft: draftOf(reply.body), etag: reply.etag }), [reply]);
  const edit = useEdit<Draft>({
    start,
    async read() {
      const { body, etag } = await call('mailboxPolicy', { params: { name } });
      return { draft: draftOf(body), etag };
    },
    async write(changes, ifMatch, why) {
      const asked = { ...bodyOf(changes), ...(why !== '' && { why }) };
      const { body, etag } = await call('changeMailboxPolicy', { params: { name }, body: asked, ifMatch });
      return { draft: draftOf(body), etag };
    },
    saved(draft) {
      notify(t('policies.saved', { name: draft.name }));
      if (draft.name !== name) void navigate(mailboxPolicyPath(draft.name), { replace: true });
    },
  });
  const labels = useLabels();
  const show = (value: string | number | boolean) =>
    typeof value === 'boolean'
      ? t(value ? 'parts.yes' : 'parts.no')
      : typeof value === 'number'
        ? t('parts.seconds', { seconds: value / SECOND_MS })
        : value;
  return (
    <EditForm edit={edit} leave={() => void navigate(dialPlanPath(dialPlan, 'policies'))} isReadOnly={isReadOnly}>
      <SideTabs
        label={t('policies.mailboxPolicy')}
        tabs={[
          {
            id: 'general',
            label: t('policies.general'),
            content: <General edit={edit} policy={reply.body} isReadOnly={isReadOnly} />,
          },
          {
            id: 'conditions',
            label: t('policies.conditions'),
            content: <ConditionFields edit={edit} isReadOnly={isReadOnly} />,
          },
        ]}
      />
      <ConflictDialog edit={edit} labels={labels} show={show} />
    </EditForm>
  );
}

function useLabels(): Record<keyof Draft, string> {
  const { t } = useTranslation();
  return {
    name: t('policies.name'),
    allowMissedCallNotifications: t('policies.allow'),
    internalCalls: t('policies.internalCalls'),
    externalCalls: t('policies.externalCalls'),
    hiddenCallers: t('policies.hiddenCallers'),
    busy: t('policies.busy'),
    declined: t('policies.declined'),
    unreachable: t('policies.unreachable'),
    groupCalls: t('policies.groupCalls'),
    minimumRingMs: t('policies.minimumRing'),
  };
}

interface TabProps {
  readonly edit: Edit<Draft>;
  readonly isReadOnly: boolean;
}

function General({ edit, policy, isReadOnly }: TabProps & { readonly policy: MailboxPolicy }) {
  const { t } = useTranslation();
  return (
    <Fields>
      <TextField
        label={t('policies.name')}
        isRequired
        maxLength={MAX_POLICY_NAME}
        isReadOnly={isReadOnly}
        mistake={mistakeOf(edit.error, 'name')}
        value={edit.draft.name}
        set={(name) => edit.set('name', name)}
      />
      <Facts
        facts={[
          [
            t('policies.dialPlan'),
            <PageLink key="plan" to={dialPlanPath(policy.dialPlan)}>
              {policy.dialPlan}
            </PageLink>,
          ],
          [t('policies.mailboxCount'), policy.mailboxCount],
        ]}
      />
      <CheckField
        label={t('policies.allow')}
        hint={t('policies.allowHint')}
        isReadOnly={isReadOnly}
        value={edit.draft.allowMissedCallNotifications}
        set={(isAllowed) => edit.set('allowMissedCallNotifications', isAllowed)}
      />
    </Fields>
  );
}

const CONDITIONS = [
  { legend: 'callers', keys: ['internalCalls', 'externalCalls', 'hiddenCallers'] },
  { legend: 'causes', keys: ['busy', 'declined', 'unreachable'] },
  { legend: 'groups', keys: ['groupCalls'] },
] as const;

/** Every condition of the policy, in plain words. */
function ConditionFields({ edit, isReadOnly }: TabProps) {
  const { t } = useTranslation();
  return (
    <Fields>
      {edit.draft.allowMissedCallNotifications ? (
        <span>{t('policies.conditionsText')}</span>
      ) : (
        <MessageBar intent="warning" layout="multiline">
          <MessageBarBody>{t('policies.conditionsOff')}</MessageBarBody>
        </MessageBar>
      )}
      {CONDITIONS.map(({ legend, keys }) => (
        <FieldSet key={legend} legend={t(`policies.${legend}`)}>
          {keys.map((key) => (
            <CheckField
              key={key}
              label={t(`policies.${key}`)}
              hint={t(`policies.${key}Hint`)}
              isReadOnly={isReadOnly}
              value={edit.draft[key]}
              set={(value) => edit.set(key, value)}
            />
          ))}
        </FieldSet>
      ))}
      <NumberField
        label={t('policies.minimumRing')}
        hint={t('policies.minimumRingHint')}
        min={0}
        max={MAX_RING_SECONDS}
        isReadOnly={isReadOnly}
        mistake={mistakeOf(edit.error, 'minimumRing')}
        value={edit.draft.minimumRingMs / SECOND_MS}
        set={(seconds) => edit.set('minimumRingMs', Math.round(seconds * SECOND_MS))}
      />
    </Fields>
  );
}
