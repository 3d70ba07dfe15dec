import { CAUSES, type Cause } from '../../call/index.ts';

/** What a template may name. All of it is one plain line, already safe; HTML is escaped where it is put in. */
export interface TemplateView {
  /** The mail's own, for `lang`. */
  readonly language: string;
  /** The Subject: in the HTML only. */
  readonly title: string;
  /** A name, else a number, else the words for a caller who is hidden or unknown. */
  readonly caller: string;
  /** Empty where there is none, or the caller hides. */
  readonly callerName: string;
  readonly callerNumber: string;
  readonly hidden: boolean;
  /** Whom the mail is for. */
  readonly recipient: string;
  readonly dialled: string;
  /** In words, in the reader's time zone. */
  readonly arrived: string;
  /** ISO 8601, UTC. */
  readonly arrivedAt: string;
  readonly rang: string;
  readonly rangSeconds: string;
  readonly reason: string;
  /** One of them is true, or none. */
  readonly because: Readonly<Partial<Record<Cause, true>>>;
  /** Everything there is to tell, as the built-in HTML shows it. */
  readonly rows: readonly { readonly label: string; readonly value: string }[];
  /** The same as lines of text, aligned. */
  readonly details: string;
  /** The first of the links; empty where there is none. */
  readonly callBack: string;
  readonly links: readonly { readonly uri: string; readonly text: string }[];
}

export interface TemplateVariable {
  readonly name: string;
  readonly example: string;
  /** Its parts, where it is a list: they can be named within its section. */
  readonly parts?: readonly string[];
  /** Only as a section. */
  readonly section?: true;
}

/** Texts by their names, sections (`{{#name}}…{{/name}}`, `{{^name}}…{{/name}}`) by theirs; each text may be a condition too. */
export const TEMPLATE_VARIABLES: readonly TemplateVariable[] = [
  { name: 'caller', example: 'Zoe Leblanc' },
  { name: 'callerName', example: 'Zoe Leblanc' },
  { name: 'callerNumber', example: '+33140005678' },
  { name: 'hidden', example: '{{#hidden}}…{{/hidden}}', section: true },
  { name: 'recipient', example: 'Alice Martin' },
  { name: 'dialled', example: '1001' },
  { name: 'arrived', example: 'Monday, 16 November 2026 at 14:03 (Central European Standard Time)' },
  { name: 'arrivedAt', example: '2026-11-16T13:03:00.000Z' },
  { name: 'rang', example: '12 seconds' },
  { name: 'rangSeconds', example: '12' },
  { name: 'reason', example: 'Nobody answered.' },
  ...CAUSES.map((cause) => ({
    name: `because.${cause}`,
    example: `{{#because.${cause}}}…{{/because.${cause}}}`,
    section: true as const,
  })),
  { name: 'callBack', example: 'tel:+33140005678' },
  { name: 'rows', example: '{{#rows}}{{label}}: {{value}}{{/rows}}', parts: ['label', 'value'], section: true },
  {
    name: 'links',
    example: '{{#links}}<a href="{{uri}}">{{text}}</a>{{/links}}',
    parts: ['uri', 'text'],
    section: true,
  },
  { name: 'details', example: 'Caller: Zoe Leblanc …' },
  { name: 'wrap', example: '{{#wrap}}lines of at most 74 characters{{/wrap}}', section: true },
  { name: 'language', example: 'en' },
  { name: 'title', example: 'Missed call from Zoe Leblanc' },
];
