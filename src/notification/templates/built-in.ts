import { escapeHtml } from '../text.ts';
import type { Catalogue } from '../languages/index.ts';
import type { TemplatePart } from './syntax.ts';

const font = "font-family:'Segoe UI',-apple-system,BlinkMacSystemFont,Roboto,Helvetica,Arial,sans-serif";
// Outlook reads neither this nor media queries, and shows the light colours of the inline styles.
const darkStyle =
  '@media (prefers-color-scheme:dark){' +
  '.page{background:#1b1a19!important}.card{background:#252423!important;border-color:#3b3a39!important}' +
  '.strong{color:#ffffff!important}.soft{color:#c8c6c4!important}.line{border-color:#3b3a39!important}' +
  '.call{background:#4fa3e3!important}.call a{color:#10202c!important}}';

/** The texts that come with the program, in one language: what an override begins from, and what is used where it fails. */
export function builtInTemplates(words: Catalogue): Readonly<Record<TemplatePart, string>> {
  return {
    subject: words.subject,
    // RFC 3676 4.3: `-- ` begins a signature.
    text: `{{#wrap}}${words.sentence}{{/wrap}}\n\n{{details}}\n\n-- \n{{#wrap}}${words.footer}{{/wrap}}\n`,
    html: html(words),
  };
}

const cell = 'class="line soft" valign="top" style="padding:8px 0;border-top:1px solid #edebe9';
const row =
  `<tr><td width="120" ${cell};width:120px;color:#605e5c">{{label}}</td>` +
  `<td ${cell.replace('soft', 'strong')};color:#201f1e">{{value}}</td></tr>`;

/** A filled table cell: the one kind of button that Outlook shows as a button. */
const button =
  '<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 8px"><tr>' +
  '<td class="call" bgcolor="#0f6cbd" style="background:#0f6cbd;border-radius:4px;padding:10px 20px">' +
  `<a href="{{uri}}" style="${font};font-size:14px;font-weight:600;color:#ffffff;text-decoration:none">` +
  '{{text}}</a></td></tr></table>';

/** A calm single card, made of tables because Outlook lays out nothing else; no images, nothing loaded from anywhere. */
function html(words: Catalogue): string {
  return `<!doctype html>
<html lang="{{language}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{{title}}</title>
<style>${darkStyle}</style>
</head>
<body class="page" style="margin:0;padding:0;background:#f3f2f1">
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" border="0" bgcolor="#f3f2f1"><tr><td align="center" style="padding:24px 12px">
<table role="presentation" class="card" width="560" cellpadding="0" cellspacing="0" border="0" bgcolor="#ffffff" style="width:100%;max-width:560px;border:1px solid #e1dfdd;border-radius:8px;${font}">
<tr><td style="padding:28px 32px 20px">
<p class="soft" style="margin:0 0 10px;font-size:14px;line-height:20px;color:#605e5c">${escapeHtml(words.sentence)}</p>
<h1 class="strong" style="margin:0;font-size:24px;line-height:30px;font-weight:600;color:#201f1e">{{caller}}</h1>
{{#callerName}}{{#callerNumber}}<p class="soft" style="margin:4px 0 0;font-size:16px;line-height:22px;color:#605e5c">{{callerNumber}}</p>
{{/callerNumber}}{{/callerName}}</td></tr>
<tr><td style="padding:0 32px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="${font};font-size:14px;line-height:20px">
{{#rows}}
${row}
{{/rows}}
</table>
</td></tr>
{{#callBack}}
<tr><td style="padding:20px 32px 4px">
{{#links}}
${button}
{{/links}}
</td></tr>
{{/callBack}}
<tr><td style="padding:20px 32px 28px">
<p class="soft" style="margin:0;font-size:12px;line-height:18px;color:#605e5c">${escapeHtml(words.footer)}</p>
</td></tr>
</table>
</td></tr></table>
</body>
</html>
`;
}
