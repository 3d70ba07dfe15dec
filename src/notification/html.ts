import { escapeHtml } from './text.ts';

/** What the page of an HTML mail shows. Plain text throughout: it is escaped here. */
export interface MailPage {
  readonly language: string;
  readonly title: string;
  /** The caller's name, or the number of one without. */
  readonly who: string;
  /** Under it, smaller: the number of a caller with a name. */
  readonly number: string | null;
  readonly sentence: string;
  readonly rows: readonly { readonly label: string; readonly value: string }[];
  readonly links: readonly { readonly uri: string; readonly text: string }[];
  readonly footer: string;
}

const font = "font-family:'Segoe UI',-apple-system,BlinkMacSystemFont,Roboto,Helvetica,Arial,sans-serif";
// Outlook reads neither this nor media queries, and shows the light colours of the inline styles.
const darkStyle =
  '@media (prefers-color-scheme:dark){' +
  '.page{background:#1b1a19!important}.card{background:#252423!important;border-color:#3b3a39!important}' +
  '.strong{color:#ffffff!important}.soft{color:#c8c6c4!important}.line{border-color:#3b3a39!important}' +
  '.call{background:#4fa3e3!important}.call a{color:#10202c!important}}';

/** A calm single card, made of tables because Outlook lays out nothing else; no images, nothing loaded from anywhere. */
export function mailHtml(page: MailPage): string {
  const number =
    page.number === null
      ? ''
      : `<p class="soft" style="margin:4px 0 0;font-size:16px;line-height:22px;color:#605e5c">${escapeHtml(page.number)}</p>\n`;
  return `<!doctype html>
<html lang="${escapeHtml(page.language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escapeHtml(page.title)}</title>
<style>${darkStyle}</style>
</head>
<body class="page" style="margin:0;padding:0;background:#f3f2f1">
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" border="0" bgcolor="#f3f2f1"><tr><td align="center" style="padding:24px 12px">
<table role="presentation" class="card" width="560" cellpadding="0" cellspacing="0" border="0" bgcolor="#ffffff" style="width:100%;max-width:560px;border:1px solid #e1dfdd;border-radius:8px;${font}">
<tr><td style="padding:28px 32px 20px">
<p class="soft" style="margin:0 0 10px;font-size:14px;line-height:20px;color:#605e5c">${escapeHtml(page.sentence)}</p>
<h1 class="strong" style="margin:0;font-size:24px;line-height:30px;font-weight:600;color:#201f1e">${escapeHtml(page.who)}</h1>
${number}</td></tr>
<tr><td style="padding:0 32px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="${font};font-size:14px;line-height:20px">
${page.rows.map(row).join('\n')}
</table>
</td></tr>
${page.links.length === 0 ? '' : `<tr><td style="padding:20px 32px 4px">\n${page.links.map(button).join('\n')}\n</td></tr>\n`}<tr><td style="padding:20px 32px 28px">
<p class="soft" style="margin:0;font-size:12px;line-height:18px;color:#605e5c">${escapeHtml(page.footer)}</p>
</td></tr>
</table>
</td></tr></table>
</body>
</html>
`;
}

function row({ label, value }: MailPage['rows'][number]): string {
  const cell = 'class="line soft" valign="top" style="padding:8px 0;border-top:1px solid #edebe9';
  return (
    `<tr><td width="120" ${cell};width:120px;color:#605e5c">${escapeHtml(label)}</td>` +
    `<td ${cell.replace('soft', 'strong')};color:#201f1e">${escapeHtml(value)}</td></tr>`
  );
}

/** A filled table cell: the one kind of button that Outlook shows as a button. */
function button({ uri, text }: MailPage['links'][number]): string {
  return (
    '<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 8px"><tr>' +
    '<td class="call" bgcolor="#0f6cbd" style="background:#0f6cbd;border-radius:4px;padding:10px 20px">' +
    `<a href="${escapeHtml(uri)}" style="${font};font-size:14px;font-weight:600;color:#ffffff;text-decoration:none">` +
    `${escapeHtml(text)}</a></td></tr></table>`
  );
}
