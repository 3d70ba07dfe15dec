import type { LabAccount, LabFacts, LabMail } from '../types.ts';
import { WebPhone, type PhoneState } from './phone.ts';

/** How often the page looks for mails. */
const MAILS_MS = 1_000;
const MAX_LOG_LINES = 100;

const WORDS: Readonly<Record<PhoneState, (other: string) => string>> = {
  idle: () => 'No call',
  calling: (other) => `Calling ${other} …`,
  ringing: (other) => `${other} rings …`,
  incoming: (other) => `${other} is calling`,
  talking: (other) => `Talking to ${other}`,
  held: (other) => `${other} is on hold`,
};

function element<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`the page has no ${id}`);
}

const account = element('account', HTMLSelectElement);
const register = element('register', HTMLButtonElement);
const registration = element('registration', HTMLElement);
const number = element('number', HTMLInputElement);
const numbers = element('numbers', HTMLDataListElement);
const call = element('call', HTMLButtonElement);
const state = element('state', HTMLElement);
const answer = element('answer', HTMLButtonElement);
const decline = element('decline', HTMLButtonElement);
const hangUp = element('hang-up', HTMLButtonElement);
const hold = element('hold', HTMLButtonElement);
const keys = element('keys', HTMLElement);
const log = element('log', HTMLElement);
const mails = element('mails', HTMLElement);

const phone = new WebPhone(
  {
    registered(isRegistered, why) {
      registration.textContent = isRegistered ? `Registered as ${account.value}` : `Not registered: ${why}`;
      registration.dataset['registered'] = String(isRegistered);
      register.textContent = isRegistered ? 'Unregister' : 'Register';
      account.disabled = isRegistered;
      call.disabled = !isRegistered;
    },
    state: show,
    said(text) {
      const line = document.createElement('li');
      line.textContent = `${new Date().toLocaleTimeString()}  ${text}`;
      log.prepend(line);
      while (log.childElementCount > MAX_LOG_LINES) log.lastElementChild?.remove();
    },
  },
  element('audio', HTMLAudioElement),
);

function show(now: PhoneState, other: string): void {
  state.textContent = WORDS[now](other);
  state.dataset['state'] = now;
  document.title = now === 'incoming' ? `☎ ${other}` : `Phone ${account.value}`;
  const talks = now === 'talking' || now === 'held';
  answer.hidden = now !== 'incoming';
  decline.hidden = now !== 'incoming';
  hangUp.hidden = !talks && now !== 'calling' && now !== 'ringing';
  hold.hidden = !talks;
  hold.textContent = now === 'held' ? 'Resume' : 'Hold';
  keys.hidden = !talks;
  call.hidden = now !== 'idle';
}

/** Everything a button sets off may fail; then the log says so. */
function on(button: HTMLElement, action: () => Promise<void>): void {
  button.addEventListener('click', () => {
    action().catch((error: unknown) => {
      state.textContent = error instanceof Error ? error.message : String(error);
    });
  });
}

function fill(facts: LabFacts): void {
  for (const { number: own, displayName } of facts.accounts) {
    account.append(new Option(`${own}  ${displayName}`, own));
  }
  for (const each of [...facts.accounts, ...facts.others]) {
    numbers.append(new Option(each.displayName, each.number));
  }
  const asked = new URLSearchParams(location.search).get('account');
  if (asked !== null) account.value = asked;
}

function ownAccount({ accounts }: LabFacts): LabAccount {
  const own = accounts.find((each) => each.number === account.value);
  if (own === undefined) throw new Error('Choose a phone.');
  return own;
}

async function showMails(): Promise<void> {
  const response = await fetch('mails.json');
  const found = (await response.json()) as readonly LabMail[];
  mails.replaceChildren(
    ...found.map(({ id, to, subject, text }) => {
      const item = document.createElement('details');
      item.dataset['id'] = id;
      const summary = document.createElement('summary');
      summary.textContent = `${to}: ${subject}`;
      const body = document.createElement('pre');
      body.textContent = text;
      item.append(summary, body);
      item.open = document.querySelector(`details[data-id="${CSS.escape(id)}"][open]`) !== null;
      return item;
    }),
  );
}

async function start(): Promise<void> {
  const facts = (await (await fetch('lab.json')).json()) as LabFacts;
  fill(facts);
  show('idle', '');
  on(register, () =>
    registration.dataset['registered'] === 'true' ? phone.unregister() : phone.register(facts, ownAccount(facts)),
  );
  on(call, () => phone.call(number.value.trim(), facts.realm));
  on(answer, () => phone.answer());
  on(decline, () => phone.hangUp(603));
  on(hangUp, () => phone.hangUp());
  on(hold, () => phone.hold(!phone.held));
  for (const key of keys.querySelectorAll('button')) on(key, () => phone.press(key.textContent ?? ''));
  register.disabled = false;
  setInterval(() => void showMails().catch(() => undefined), MAILS_MS);
  addEventListener('pagehide', () => void phone.unregister().catch(() => undefined));
}

await start();
