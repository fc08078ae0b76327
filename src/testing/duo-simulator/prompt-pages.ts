import { type Html, html } from '../simulator/html.js';
import { layout } from './layout.js';

export type PromptAnswer =
  | 'phone'
  | 'confirm'
  | 'change'
  | 'approve'
  | 'deny'
  | 'fraud'
  | 'timeout'
  | 'again';

/** What the prompt shows now. The last group are ends: the person stays here, as with Duo. */
export type PromptStep =
  | 'phone'
  | 'confirm'
  | 'ask'
  | 'approved'
  | 'denied'
  | 'fraud'
  | 'timed-out'
  | 'locked'
  | 'disabled';

export interface PromptView {
  readonly step: PromptStep;
  /** Where the forms post to: the prompt's own path. */
  readonly path: string;
  readonly username: string;
  readonly appName: string;
  readonly phone: string | null;
  readonly alert: string | null;
}

export function promptPage(view: PromptView): Html {
  const { title, content } = stepContent(view);
  return layout({
    title,
    content: html`<h1>${title}</h1>
<p class="quiet who">${view.username} signs in to ${view.appName}</p>
${view.alert === null ? null : html`<p role="alert" id="alert">${view.alert}</p>`}
${content}`,
  });
}

function stepContent(view: PromptView): { title: string; content: Html } {
  const { step } = view;
  switch (step) {
    case 'phone':
      return { title: 'Register your phone', content: phoneForm(view) };
    case 'confirm':
      return { title: 'Is this number right?', content: confirmForm(view) };
    case 'ask':
      return { title: 'Approve this login?', content: askForm(view) };
    case 'approved':
      return end('Already answered', 'This login was approved. Go back to the application.');
    case 'denied':
      return end('Login denied', 'The application was not told anything.', againForm(view));
    case 'timed-out':
      return end('No answer in time', 'The request timed out.', againForm(view));
    case 'fraud':
      return end(
        'Reported as fraud',
        'The login was refused and reported. You may close this page.',
      );
    case 'locked':
      return end('Account locked', 'This account is locked out. Ask your administrator.');
    case 'disabled':
      return end('Account disabled', 'This account is disabled. Ask your administrator.');
    default:
      return step satisfies never;
  }
}

function phoneForm({ path, phone, alert }: PromptView): Html {
  return html`<p>There is no device for you yet. Step 1 of 2: enter the number of your mobile phone.</p>
<form method="post" action="${path}">
<label for="phone">Mobile number</label>
<input id="phone" name="phone" type="tel" autocomplete="tel" required value="${phone}" data-sp="duo-phone"${
    alert === null ? null : html` aria-invalid="true" aria-describedby="alert"`
  }>
${button('phone', 'Continue', 'continue', 'main')}
</form>`;
}

function confirmForm({ path, phone }: PromptView): Html {
  return html`<p>Step 2 of 2. No message is sent: this is a simulated phone.</p>
<p class="number">${phone}</p>
<form method="post" action="${path}">
${button('confirm', 'Yes, register it', 'continue', 'main')}
${button('change', 'Change the number', 'duo-change')}
</form>`;
}

function askForm({ path, phone }: PromptView): Html {
  return html`<p>${phone === null ? 'Your simulated phone' : `Your simulated phone (${masked(phone)})`} shows this request. Choose what it answers:</p>
<form method="post" action="${path}">
${button('approve', 'Approve', 'duo-approve', 'main')}
${button('deny', 'Deny', 'duo-deny')}
${button('fraud', 'Report fraud', 'duo-fraud', 'bad')}
${button('timeout', 'Let it time out', 'duo-timeout')}
</form>`;
}

function againForm({ path }: PromptView): Html {
  return html`<form method="post" action="${path}">${button('again', 'Try again', 'duo-again')}</form>`;
}

function button(answer: PromptAnswer, label: string, hook: string, look = ''): Html {
  return html`<button class="${look}" name="answer" value="${answer}" data-sp="${hook}">${label}</button>`;
}

function end(title: string, text: string, more: Html | null = null) {
  return { title, content: html`<p>${text}</p>${more}` };
}

function masked(phone: string): string {
  return `ending in ${phone.slice(-4)}`;
}

export function problemPage(title: string, text: string, code: string): Html {
  return layout({
    title,
    content: html`<h1>${title}</h1><p role="alert">${text}</p><p class="quiet"><code>${code}</code></p>`,
  });
}
