import assert from 'node:assert/strict';
import { Browser, codeAt } from './browser.js';
import { type FaultProcess, faultProcess } from './fault-processes.js';
import { assertDenied, signIn, statusOf } from './faulty.js';
import type { HostDataOptions } from './host-data.js';
import { eventually } from './redis.js';

/** An app in two processes, and people that both know. */
export interface TwoProcesses {
  readonly here: FaultProcess;
  readonly there: FaultProcess;
  /** Enrolled and through both doors, as either process sees them. */
  readonly inside: readonly [Browser, Browser];
  /** Has given the password only. */
  readonly between: readonly [Browser, Browser];
  /** Both refuse everybody, each request in time and with a 503; what was read before counts to its bound at most. */
  assertDenied(what: string): Promise<void>;
  /** Nothing was lost on either: who was inside is so again, and whoever is enrolled is asked. */
  assertBack(): Promise<void>;
  /** The same, and they may sign in. */
  assertWhole(): Promise<void>;
  /** What one process changes the other hears of: a reset here ends the session there. */
  assertHeard(withinMs: number): Promise<void>;
}

/** So long what was read is believed where nobody is heard of. */
const BOUND_MS = 5000;

const USER = 'user1@acme';

/** `closeStores` ends both. `urls`: where each finds the data, or one for both. */
export async function twoProcesses(
  urls: string | readonly [string, string],
  options: Omit<HostDataOptions, 'now'> = {},
): Promise<TwoProcesses> {
  const [first, second] = typeof urls === 'string' ? [urls, urls] : urls;
  const here = await faultProcess({ url: first, now: null, ...options });
  const there = await faultProcess({ url: second, now: null, ...options });
  let step = 0;
  let others = 0;
  const entered = new Browser(here.url);
  const key = await entered.activate(USER, Date.now());
  const inside = [entered, entered.copy(there.url)] as const;
  const waiting = new Browser(here.url);
  await waiting.login(USER);
  const between = [waiting, waiting.copy(there.url)] as const;
  for (const browser of inside) assert.equal(await statusOf(browser), 200);
  for (const browser of between) await assertAsked(browser);

  /** Each step is accepted once: later ones are waited for, but for the one ahead of time. */
  async function nextCode(): Promise<string> {
    const present = () => Math.floor(Date.now() / 30_000);
    step = Math.max(step, present()) + 1;
    await eventually(() => present() + 1 >= step, 40_000);
    return codeAt(key, step * 30_000);
  }

  async function assertBack(): Promise<void> {
    for (const browser of inside) {
      await eventually(async () => (await statusOf(browser)) === 200, 20_000);
    }
    for (const browser of between) await assertAsked(browser);
  }

  return {
    ...{ here, there, inside, between },
    async assertDenied(what) {
      await Promise.all(
        [...inside, ...between].map(async (browser) => {
          await eventually(async () => (await statusOf(browser)) === 503, BOUND_MS);
          await assertDenied(String(browser.target), browser, what);
        }),
      );
    },
    assertBack,
    async assertWhole() {
      await assertBack();
      await signIn(there.url, USER, await nextCode());
    },
    async assertHeard(withinMs) {
      // Whoever is told to try again in a moment is another person the next time.
      const { name, acting } = await eventually(async () => {
        others += 1;
        const name = `other${others}@acme`;
        const acting = new Browser(here.url);
        await acting.activate(name, Date.now());
        return { name, acting };
      }, 20_000);
      const elsewhere = acting.copy(there.url);
      await eventually(async () => (await statusOf(elsewhere)) === 200, 20_000);
      assert.equal(await here.tell({ kind: 'reset', user: name }), true);
      await eventually(async () => (await statusOf(elsewhere)) !== 200, withinMs);
      assert.notEqual(await statusOf(acting), 200);
    },
  };
}

/** At once, or when the server answers again; and never let in. */
async function assertAsked(browser: Browser): Promise<void> {
  await eventually(async () => {
    const { status, headers } = await browser.get('/reports');
    if (status === 503) return false;
    assert.equal(headers.location, '/two-factor/challenge', `${status}`);
    return true;
  }, 20_000);
}
