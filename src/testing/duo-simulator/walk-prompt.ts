import type { PromptAnswer } from './prompt-pages.js';

/** What the person does once the prompt asks. */
export type DuoAnswer = 'approve' | 'deny' | 'fraud' | 'timeout';

export interface DuoWalk {
  /** The URL that the browser was sent back to, or null where the person stays at the prompt. */
  readonly callback: string | null;
  /** The status of the last page or redirect. */
  readonly status: number;
  /** The last page; empty where there is a callback. */
  readonly html: string;
}

/** A whole visit is at most: authorize, two steps of registration, the answer, and pages in between. */
const MAX_REQUESTS = 10;

/**
 * Does what a person with a browser would: opens the URL at the prompt's plain http origin, registers `phone`
 * if asked to, and answers. Goes by the forms of the pages, as any client without script does.
 */
export async function walkPrompt(
  promptOrigin: string,
  authUrl: string,
  { answer, phone }: { answer: DuoAnswer; phone: string },
): Promise<DuoWalk> {
  const { pathname, search } = new URL(authUrl);
  let url = new URL(pathname + search, promptOrigin);
  let form: URLSearchParams | null = null;
  let answered = false;

  for (let i = 0; i < MAX_REQUESTS; i++) {
    const response: Response = form
      ? await fetch(url, { method: 'POST', body: form, redirect: 'manual' })
      : await fetch(url, { redirect: 'manual' });
    const html = await response.text();
    const { status } = response;
    const location = response.headers.get('location');
    if (location !== null) {
      url = new URL(location, url);
      form = null;
      if (url.origin !== promptOrigin) return { callback: url.href, status, html: '' };
      continue;
    }
    const action = /<form method="post" action="([^"]+)"/.exec(html)?.[1];
    const choice: PromptAnswer | null = answered ? null : choose(html, answer);
    if (action === undefined || choice === null) return { callback: null, status, html };
    answered = choice === answer;
    url = new URL(action, url);
    form = new URLSearchParams({ answer: choice, ...(choice === 'phone' ? { phone } : {}) });
  }
  throw new Error(`the prompt did not end after ${MAX_REQUESTS} requests`);
}

function choose(html: string, answer: DuoAnswer): PromptAnswer | null {
  // An alert means that the last answer was not taken: giving it again would not help.
  if (html.includes('role="alert"')) return null;
  const offers = (value: PromptAnswer) => html.includes(`name="answer" value="${value}"`);
  return (['phone', 'confirm', answer] as const).find(offers) ?? null;
}
