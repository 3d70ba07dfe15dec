import type { NotificationRecord } from '../journal/index.ts';
import { renderMail } from './render.ts';
import { compilePart } from './templates/built-ins.ts';
import type { TemplateStore } from './templates/store.ts';
import { type CompiledTemplate, TEMPLATE_PARTS, type TemplatePart } from './templates/syntax.ts';
import type { MailSettings, RenderedMail } from './types.ts';

export interface PreviewOptions {
  readonly settings: MailSettings;
  readonly templates: Pick<TemplateStore, 'overridesFor'>;
  /** Texts that are not saved yet; the others are those that hold. */
  readonly drafts?: Readonly<Partial<Record<TemplatePart, string>>>;
}

export interface Preview {
  readonly mail: RenderedMail;
  /** Why a text is not used: `html: line 3: …`. */
  readonly problems: readonly string[];
}

/** The mail as it would be sent, by the renderer that sends it. Never throws: what cannot be used is told. */
export function previewMail(
  notification: NotificationRecord,
  { settings, templates, drafts = {} }: PreviewOptions,
): Preview {
  const problems: string[] = [];
  const held = templates.overridesFor(notification.content.recipient.language);
  const used: { -readonly [Part in TemplatePart]?: CompiledTemplate } = { ...held };
  for (const part of TEMPLATE_PARTS) {
    const draft = drafts[part];
    if (draft === undefined) continue;
    delete used[part];
    try {
      used[part] = compilePart(part, draft);
    } catch (error) {
      problems.push(`${part}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const failed = (part: TemplatePart, problem: string): number => problems.push(`${part}: ${problem}`);
  return { mail: renderMail(notification, settings, used, failed), problems };
}
