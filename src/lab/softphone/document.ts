/** The softphone's page. Its program is page/main.ts; nothing in it is from elsewhere, and nothing is inline. */
export const DOCUMENT = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lab phone</title>
<link rel="icon" href="icon.svg">
<link rel="stylesheet" href="style.css">
<script type="module" src="page/main.js"></script>
</head>
<body>
<header><h1>Lab phone</h1><p>Every tab is a phone of its own: open this page again for another.</p></header>
<main>
<section aria-labelledby="account-label">
<label id="account-label" for="account">Phone</label>
<select id="account"></select>
<button id="register" type="button" disabled>Register</button>
<p id="registration" role="status" data-registered="false">Not registered</p>
</section>
<section aria-label="Call">
<label for="number">Number</label>
<input id="number" list="numbers" autocomplete="off" inputmode="tel">
<datalist id="numbers"></datalist>
<button id="call" type="button" disabled>Call</button>
<p id="state" role="status" aria-live="assertive" data-state="idle">No call</p>
<div class="buttons">
<button id="answer" type="button" hidden>Answer</button>
<button id="decline" type="button" hidden>Decline</button>
<button id="hang-up" type="button" hidden>Hang up</button>
<button id="hold" type="button" hidden>Hold</button>
</div>
<div id="keys" role="group" aria-label="Keys" hidden>${'123456789*0#'
  .split('')
  .map((key) => `<button type="button">${key}</button>`)
  .join('')}</div>
</section>
<section><h2>Mails that the gateway sent</h2><div id="mails"></div></section>
<section><h2>Calls of this phone</h2><ul id="log"></ul></section>
</main>
<audio id="audio"></audio>
</body>
</html>
`;

export const STYLE = `:root { color-scheme: light dark; font-family: system-ui, sans-serif; }
body { max-width: 34rem; margin: 1.5rem auto; padding: 0 1rem; line-height: 1.45; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.05rem; }
section { border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: .5rem; padding: .75rem 1rem; margin: .75rem 0; }
label { font-weight: 600; margin-right: .5rem; }
select, input, button { font: inherit; padding: .35rem .7rem; border-radius: .35rem; }
#state { font-size: 1.15rem; } #state[data-state=incoming] { font-weight: 700; }
#answer { background: #0b6b2e; color: #fff; } #decline, #hang-up { background: #a4262c; color: #fff; }
#keys { display: grid; grid-template-columns: repeat(3, 3.5rem); gap: .4rem; margin-top: .6rem; }
[hidden] { display: none !important; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem; } ul { padding-left: 1.1rem; margin: 0; }
`;

export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#0b6b2e" d="M4 1l3 4-2 2c1 2 2 3 4 4l2-2 4 3-2 3C7 15 1 9 1 3z"/></svg>`;
