import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate, useParams } from 'react-router';
import { call, type Reply } from '../../api/call.ts';
import { useRead } from '../../api/query.ts';
import { ConflictDialog } from '../../parts/conflict-dialog.tsx';
import { type Edit, mistakeOf, useEdit } from '../../parts/edit.ts';
import { EditForm, SideTabs } from '../../parts/edit-form.tsx';
import { Facts, Fields, FieldSet, LinesField, TextField } from '../../parts/fields.tsx';
import { Page as PageFrame } from '../../parts/page.tsx';
import { Loaded } from '../../parts/states.tsx';
import { useNotify } from '../../parts/toasts.tsx';
import { useMay } from '../../shell/session.ts';
import { DIAL_PLANS, dialPlanPath } from './paths.ts';
import { PolicyList } from './policy-list.tsx';
import { LANGUAGE_TAGS, TIME_ZONES } from '../../parts/tags.ts';
import { MAX_DIAL_PLAN_NAME } from './values.ts';

type Plan = Omit<Reply<'dialPlan'>['body'], 'policies' | 'policyCount'>;

interface Draft {
  readonly name: string;
  readonly countryOrRegionCode: string;
  readonly defaultLanguage: string;
  readonly timeZone: string;
  readonly numberPrefixes: readonly string[];
  readonly nationalNumberPrefix: string;
  readonly internationalAccessCode: string;
  readonly outsideLineAccessCode: string;
}

function draftOf(plan: Plan): Draft {
  const { name, defaultLanguage, timeZone, numberPrefixes } = plan;
  return {
    name,
    countryOrRegionCode: plan.countryOrRegionCode ?? '',
    defaultLanguage,
    timeZone,
    numberPrefixes,
    nationalNumberPrefix: plan.nationalNumberPrefix ?? '',
    internationalAccessCode: plan.internationalAccessCode ?? '',
    outsideLineAccessCode: plan.outsideLineAccessCode ?? '',
  };
}

const CODES = [
  'countryOrRegionCode',
  'nationalNumberPrefix',
  'internationalAccessCode',
  'outsideLineAccessCode',
] as const satisfies readonly (keyof Draft)[];

/** An empty code is none. */
function bodyOf({ numberPrefixes, ...changes }: Partial<Draft>) {
  const codes = CODES.filter((code) => code in changes).map((code) => [code, changes[code] || null]);
  return { ...changes, ...(numberPrefixes && { numberPrefixes: [...numberPrefixes] }), ...Object.fromEntries(codes) };
}

export function Page() {
  const { t } = useTranslation();
  const { name = '' } = useParams();
  const plan = useRead('dialPlan', { params: { name } });
  return (
    <PageFrame title={name} kind={t('policies.dialPlan')} crumbs={[{ label: t('policies.dialPlans'), to: DIAL_PLANS }]}>
      <Loaded query={plan}>{(reply) => <DialPlanForm key={reply.body.name} reply={reply} />}</Loaded>
    </PageFrame>
  );
}

function DialPlanForm({ reply }: { readonly reply: Reply<'dialPlan'> }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const notify = useNotify();
  const isReadOnly = !useMay()('policy.write');
  const { name } = reply.body;
  const start = useMemo(() => ({ draft: draftOf(reply.body), etag: reply.etag }), [reply]);
  const edit = useEdit<Draft>({
    start,
    async read() {
      const { body, etag } = await call('dialPlan', { params: { name } });
      return { draft: draftOf(body), etag };
    },
    async write(changes, ifMatch, why) {
      const asked = { ...bodyOf(changes), ...(why !== '' && { why }) };
      const { body, etag } = await call('changeDialPlan', { params: { name }, body: asked, ifMatch });
      return { draft: draftOf(body), etag };
    },
    saved(draft) {
      notify(t('policies.saved', { name: draft.name }));
      if (draft.name !== name) void navigate(dialPlanPath(draft.name), { replace: true });
    },
  });
  return (
    <EditForm edit={edit} leave={() => void navigate(DIAL_PLANS)} isReadOnly={isReadOnly}>
      <SideTabs
        label={t('policies.dialPlan')}
        tabs={[
          {
            id: 'general',
            label: t('policies.general'),
            content: <General edit={edit} plan={reply.body} isReadOnly={isReadOnly} />,
          },
          {
            id: 'codes',
            label: t('policies.dialCodes'),
            content: <Codes edit={edit} isReadOnly={isReadOnly} />,
          },
          { id: 'policies', label: t('policies.mailboxPolicies'), content: <PolicyList dialPlan={name} /> },
        ]}
      />
      <ConflictDialog
        edit={edit}
        labels={useLabels()}
        show={(value) => (Array.isArray(value) ? value.join(', ') : String(value))}
      />
    </EditForm>
  );
}

function useLabels(): Record<keyof Draft, string> {
  const { t } = useTranslation();
  return {
    name: t('policies.name'),
    countryOrRegionCode: t('policies.countryCode'),
    defaultLanguage: t('policies.language'),
    timeZone: t('policies.timeZone'),
    numberPrefixes: t('policies.prefixes'),
    nationalNumberPrefix: t('policies.national'),
    internationalAccessCode: t('policies.international'),
    outsideLineAccessCode: t('policies.outside'),
  };
}

interface TabProps {
  readonly edit: Edit<Draft>;
  readonly isReadOnly: boolean;
}

/** What every text field of the plan has. */
function useField({ edit, isReadOnly }: TabProps) {
  const labels = useLabels();
  return (key: Exclude<keyof Draft, 'numberPrefixes'>) => ({
    label: labels[key],
    value: edit.draft[key],
    set: (value: string) => edit.set(key, value),
    mistake: mistakeOf(edit.error, key),
    isReadOnly,
  });
}

function General({ edit, plan, isReadOnly }: TabProps & { readonly plan: Plan }) {
  const { t } = useTranslation();
  const field = useField({ edit, isReadOnly });
  return (
    <Fields>
      <TextField {...field('name')} isRequired maxLength={MAX_DIAL_PLAN_NAME} />
      <Facts
        note={t('policies.fixed')}
        facts={[
          [t('policies.uriType'), t(`policies.uriTypes.${plan.uriType}`)],
          [t('policies.digits'), plan.numberOfDigitsInExtension],
        ]}
      />
      <TextField {...field('defaultLanguage')} hint={t('policies.languageHint')} offers={LANGUAGE_TAGS} />
      <TextField {...field('timeZone')} hint={t('policies.timeZoneHint')} offers={TIME_ZONES} />
    </Fields>
  );
}

function Codes({ edit, isReadOnly }: TabProps) {
  const { t } = useTranslation();
  const field = useField({ edit, isReadOnly });
  return (
    <Fields>
      <LinesField
        label={t('policies.prefixes')}
        hint={t('policies.prefixesHint')}
        values={edit.draft.numberPrefixes}
        set={(values) => edit.set('numberPrefixes', values)}
        mistake={mistakeOf(edit.error, 'numberPrefixes')}
        isReadOnly={isReadOnly}
      />
      <TextField {...field('countryOrRegionCode')} hint={t('policies.countryCodeHint')} isShort />
      <FieldSet legend={t('policies.dialled')}>
        <Fields>
          <TextField {...field('nationalNumberPrefix')} hint={t('policies.nationalHint')} isShort />
          <TextField {...field('internationalAccessCode')} hint={t('policies.internationalHint')} isShort />
          <TextField {...field('outsideLineAccessCode')} hint={t('policies.outsideHint')} isShort />
        </Fields>
      </FieldSet>
    </Fields>
  );
}
