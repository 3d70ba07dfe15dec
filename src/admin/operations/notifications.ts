import type { NotificationRecord } from '../../journal/index.ts';
import {
  isTemplateLanguage,
  type Preview,
  previewMail,
  renderMail,
  sampleNotification,
  TEMPLATE_VARIABLES,
  TemplateError,
} from '../../notification/index.ts';
import type { MailPreview } from '../contract.ts';
import { type Handlers, Refusal } from '../handlers.ts';
import { auditWriter } from './audited.ts';
import { notificationShown } from './calls.ts';
import type { OperationContext } from './context.ts';
import { pageOf } from './accounts.ts';

type Names =
  | 'notifications'
  | 'previewNotification'
  | 'retryNotification'
  | 'dropNotification'
  | 'testNotification'
  | 'templates'
  | 'previewTemplate'
  | 'previewPage'
  | 'saveTemplate'
  | 'resetTemplate';

/** How long somebody waits for a test mail's answer. */
export const TEST_TIMEOUT_MS = 30_000;

/** The mails, and their words. */
export function createNotificationHandlers(context: OperationContext): Handlers<Names> {
  const { journal, mail: settings, templates, previews, now } = context;
  const audit = auditWriter(context);
  const found = async (id: string): Promise<NotificationRecord> => {
    const notification = await journal.notification(id);
    if (notification === null) throw new Refusal(404, `There is no notification ${id}.`);
    return notification;
  };
  const shown = ({ mail, problems }: Preview): MailPreview => ({
    from: mail.from,
    to: `${mail.to.name} <${mail.to.address}>`,
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    page: previews.keep(mail.html),
    problems: [...problems],
  });
  return {
    async notifications({ query }) {
      const { state } = query;
      const [page, counts] = await Promise.all([
        journal.notificationPage(state === undefined ? {} : { state }, pageOf(query)),
        journal.counts(),
      ]);
      return {
        body: { items: page.items.map(notificationShown), next: page.next, counts: { ...counts.notifications } },
      };
    },
    async previewNotification({ params }) {
      return { body: shown(previewMail(await found(params.id), { settings, templates })) };
    },
    async retryNotification({ params, caller }) {
      const before = await found(params.id);
      const about = { operation: 'retry notification', target: params.id, before: { state: before.state } };
      await audit.around(caller, about, async () => {
        if (await journal.retry(params.id, now())) return;
        throw new Refusal(409, `It is ${before.state}: only what is due or dead can be tried again.`);
      });
      context.wake();
      return { body: notificationShown(await found(params.id)) };
    },
    async dropNotification({ params, caller }) {
      const before = await found(params.id);
      const about = { operation: 'drop notification', target: params.id, before: { state: before.state } };
      await audit.around(caller, about, async () => {
        if (await journal.drop(params.id)) return;
        throw new Refusal(409, `It is ${before.state}: only what is due or dead can be dropped.`);
      });
      return { body: notificationShown(await found(params.id)) };
    },
    async testNotification({ body, caller }) {
      const sample = testMail(context, body.mailbox);
      const to = sample.content.recipient.address;
      const about = { operation: 'send test mail', target: body.mailbox, after: { to } };
      const { language } = sample.content.recipient;
      const mail = renderMail(sample, settings, templates.overridesFor(language));
      const result = await audit.around(caller, about, () => sent(context, mail));
      return { body: { to, accepted: result === null, answer: result ?? 'The mail server has taken it.' } };
    },

    async templates() {
      const variables = TEMPLATE_VARIABLES.map(({ name, example }) => ({ name, example }));
      return { body: { items: templates.list(), variables } };
    },
    async previewTemplate({ body }) {
      const { language, subject, text, html } = body;
      const drafts = {
        ...(subject === undefined ? {} : { subject }),
        ...(text === undefined ? {} : { text }),
        ...(html === undefined ? {} : { html }),
      };
      return {
        body: shown(
          previewMail(sampleNotification({ language: languageOf(language) }), { settings, templates, drafts }),
        ),
      };
    },
    async previewPage({ params }) {
      const html = previews.of(params.id);
      if (html === null) throw new Refusal(404, 'This preview is gone: make it again.');
      return { body: html };
    },
    async saveTemplate({ params, body, caller }) {
      const { language, part } = params;
      const before = templates.list().find((one) => one.language === language && one.part === part);
      const about = {
        operation: 'save template',
        target: `${languageOf(language)}/${part}`,
        before: before?.overridden === true ? before.source : null,
        after: body.source,
      };
      const saved = await audit.around(caller, about, () => templates.save(language, part, body.source)).catch(refused);
      return { body: saved };
    },
    async resetTemplate({ params, caller }) {
      const { language, part } = params;
      const before = templates.list().find((one) => one.language === language && one.part === part);
      const about = {
        operation: 'reset template',
        target: `${languageOf(language)}/${part}`,
        before: before?.source ?? null,
      };
      return { body: await audit.around(caller, about, () => templates.reset(language, part)).catch(refused) };
    },
  };
}

function languageOf(language: string): string {
  if (isTemplateLanguage(language)) return language;
  const message = `"${language}" is no language: en, fr, de, …`;
  throw new Refusal(422, message, [{ path: 'language', message: 'It is two or three letters.' }]);
}

/** About a call that never was, to the mailbox's own address. */
function testMail({ store, newId, now }: OperationContext, identity: string): NotificationRecord {
  const policy = store.current();
  const mailbox = policy.mailbox(identity);
  if (mailbox === undefined) throw new Refusal(404, `There is no UM mailbox ${identity}.`);
  if (mailbox.emailAddress === null) throw new Refusal(409, `${identity} has no e-mail address.`);
  const plan = policy.dialPlans.get(policy.mailboxPolicies.get(mailbox.mailboxPolicy)?.dialPlan ?? '');
  const recipient = {
    address: mailbox.emailAddress,
    displayName: mailbox.displayName,
    language: mailbox.language ?? plan?.defaultLanguage ?? 'en-US',
    timeZone: mailbox.timeZone ?? plan?.timeZone ?? 'UTC',
  };
  const sample = sampleNotification(recipient, { id: newId(), at: now() });
  return { ...sample, messageId: `<${sample.id}@test.missed-call-gateway>` };
}

/** Null: it was taken; else what the mail server said. */
async function sent({ transport }: OperationContext, mail: ReturnType<typeof renderMail>): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`No answer within ${TEST_TIMEOUT_MS / 1_000} s.`), TEST_TIMEOUT_MS);
  });
  try {
    const result = transport.send(mail).then((answer) => (answer.kind === 'sent' ? null : answer.error));
    return await Promise.race([result, late]);
  } finally {
    clearTimeout(timer);
  }
}

function refused(error: unknown): never {
  if (error instanceof TemplateError) {
    throw new Refusal(422, `The template cannot be used: ${error.message}`, [
      { path: `line ${error.line}`, message: error.message },
    ]);
  }
  if (error instanceof Error && 'code' in error)
    throw new Refusal(503, `The template cannot be written: ${error.message}`);
  throw error;
}
