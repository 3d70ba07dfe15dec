import { Badge, Button, Field, makeStyles, mergeClasses, Textarea, tokens } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../../api/call.ts';
import type { Body, Template } from '../../api/contract.ts';
import { useRead } from '../../api/query.ts';
import { SelectField, TextField } from '../../parts/fields.tsx';
import { Page as PageFrame } from '../../parts/page.tsx';
import { PHONE } from '../../parts/screen.ts';
import { Loaded, Trouble } from '../../parts/states.tsx';
import { useNotify } from '../../parts/toasts.tsx';
import { SEARCH_PAUSE_MS } from '../../parts/tools.tsx';
import { useDeed } from '../../parts/use-deed.ts';
import { useMay } from '../../shell/session.ts';
import { MailView } from './mail-view.tsx';

const PARTS = ['subject', 'text', 'html'] as const;
type Part = (typeof PARTS)[number];

const useStyles = makeStyles({
  columns: {
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 1fr) minmax(0, 1fr)',
    gap: '24px',
    [PHONE]: { gridTemplateColumns: 'minmax(0, 1fr)' },
  },
  editor: { display: 'flex', flexDirection: 'column', gap: '12px' },
  row: { display: 'flex', flexWrap: 'wrap', gap: '12px', alignItems: 'flex-end' },
  source: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200, height: '320px' },
  short: { height: '64px' },
  variables: { columnWidth: '190px', margin: 0, padding: 0, listStyleType: 'none', fontSize: tokens.fontSizeBase200 },
  heading: { margin: '0 0 8px', fontSize: tokens.fontSizeBase400, fontWeight: tokens.fontWeightSemibold },
});

/** The words of the mails, with what they come to beside them. */
export function Page() {
  const { t } = useTranslation();
  const templates = useRead('templates', {});
  return (
    <PageFrame title={t('mail.templates')} description={t('mail.templatesText')}>
      <Loaded query={templates}>{({ body }) => <Templates of={body} />}</Loaded>
    </PageFrame>
  );
}

function Templates({ of: { items, variables } }: { readonly of: Body<'templates'> }) {
  const styles = useStyles();
  const { t, i18n } = useTranslation();
  const languages = [...new Set(items.map(({ language }) => language))];
  const [language, setLanguage] = useState(languages.includes(i18n.language) ? i18n.language : (languages[0] ?? 'en'));
  const [part, setPart] = useState<Part>('subject');
  const [other, setOther] = useState('');
  const shown = items.find((one) => one.language === language && one.part === part) ?? blank(items, language, part);
  const [draft, setDraft] = useState({ of: '', source: '' });
  const key = `${language}/${part}`;
  const source = draft.of === key ? draft.source : shown.source;
  return (
    <div className={styles.columns}>
      <div className={styles.editor}>
        <div className={styles.row}>
          <SelectField
            label={t('shell.language')}
            value={language}
            set={setLanguage}
            choices={[...new Set([...languages, language])].map((value) => ({
              value,
              label: languageName(value, i18n.language),
            }))}
          />
          <SelectField
            label={t('mail.part')}
            value={part}
            set={setPart}
            choices={PARTS.map((value) => ({ value, label: t(`mail.parts.${value}`) }))}
          />
          <TextField label={t('mail.otherLanguage')} isShort maxLength={3} value={other} set={setOther} />
          <Button
            size="medium"
            onClick={() => setLanguage(other.toLowerCase())}
            disabled={!/^[a-z]{2,3}$/i.test(other)}
          >
            {t('mail.add')}
          </Button>
        </div>
        <Editor
          key={key}
          template={shown}
          source={source}
          setSource={(typed) => setDraft({ of: key, source: typed })}
        />
        <details>
          <summary>{t('mail.variables')}</summary>
          <ul className={styles.variables}>
            {variables.map(({ name, example }) => (
              <li key={name} title={example}>
                <code>{`{{${name}}}`}</code>
              </li>
            ))}
          </ul>
        </details>
      </div>
      <section aria-labelledby="preview">
        <h2 id="preview" className={styles.heading}>
          {t('mail.preview')}
        </h2>
        <Preview language={language} part={part} source={source} />
      </section>
    </div>
  );
}

/** Of a language that has no texts yet: it begins with the English ones. */
function blank(items: readonly Template[], language: string, part: Part): Template {
  const source = items.find((one) => one.language === 'en' && one.part === part)?.source ?? '';
  return { language, part, source, overridden: false, error: null };
}

function languageName(tag: string, inLanguage: string): string {
  return new Intl.DisplayNames(inLanguage, { type: 'language' }).of(tag) ?? tag;
}

interface EditorProps {
  readonly template: Template;
  readonly source: string;
  readonly setSource: (source: string) => void;
}

function Editor({ template, source, setSource }: EditorProps) {
  const styles = useStyles();
  const { t } = useTranslation();
  const notify = useNotify();
  const isReadOnly = !useMay()('templates.write');
  const { language, part } = template;
  const save = useDeed(async () => {
    await call('saveTemplate', { params: { language, part }, body: { source } });
    notify(t('mail.templateSaved'));
  });
  const reset = useDeed(async () => {
    const { body } = await call('resetTemplate', { params: { language, part } });
    setSource(body.source);
    notify(t('mail.templateReset'));
  });
  return (
    <>
      <div className={styles.row}>
        <Badge appearance="tint" color={template.overridden ? 'brand' : 'subtle'}>
          {t(template.overridden ? 'mail.overridden' : 'mail.builtIn')}
        </Badge>
      </div>
      {template.error !== null && <Trouble error={new Error(t('mail.notUsed', { error: template.error }))} />}
      {save.error !== null && <Trouble error={save.error} />}
      {reset.error !== null && <Trouble error={reset.error} />}
      <Field label={t(`mail.parts.${part}`)}>
        <Textarea
          resize="vertical"
          readOnly={isReadOnly}
          textarea={{
            className: mergeClasses(styles.source, part === 'subject' && styles.short),
            spellCheck: part !== 'html',
          }}
          value={source}
          onChange={(_, { value }) => setSource(value)}
        />
      </Field>
      {!isReadOnly && (
        <div className={styles.row}>
          <Button
            appearance="primary"
            disabledFocusable={source === template.source || save.isBusy}
            onClick={() => save.run()}
          >
            {t('parts.save')}
          </Button>
          <Button disabledFocusable={!template.overridden || reset.isBusy} onClick={() => reset.run()}>
            {t('mail.toBuiltIn')}
          </Button>
        </div>
      )}
    </>
  );
}

/** By the renderer that writes the mails, when the typing pauses. */
function Preview({
  language,
  part,
  source,
}: {
  readonly language: string;
  readonly part: Part;
  readonly source: string;
}) {
  const [paused, setPaused] = useState(source);
  useEffect(() => {
    const timer = setTimeout(() => setPaused(source), SEARCH_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [source]);
  const preview = useQuery({
    queryKey: ['previewTemplate', language, part, paused],
    queryFn: ({ signal }) => call('previewTemplate', { body: { language, [part]: paused } }, signal),
    placeholderData: (before) => before,
  });
  return <Loaded query={preview}>{({ body }) => <MailView mail={body} />}</Loaded>;
}
