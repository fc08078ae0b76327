import { type Authorize, memoryStore, type SecondFactorStore } from 'sallyport';
import { AdminBrowser, type AdministrationOptions, adminHost, testAuthorize } from './admin.js';
import { type HostOptions, testClock } from './app.js';

const USER1 = '/setup/organizations/acme/users/user1%40acme';

/** What an administrator with nothing but a password sees, where their own policy asks for nothing more. */
export async function opened(
  { admin = {}, ...options }: AdministrationOptions & { readonly host?: HostOptions } = {},
  wrapped: (store: SecondFactorStore) => SecondFactorStore = (store) => store,
) {
  const clock = testClock();
  const store = wrapped(memoryStore({ now: clock.now }));
  const host = await adminHost({
    ...{ clock, store, ...options },
    admin: { secondFactor: 'policy', ...admin },
  });
  const browser = await AdminBrowser.signedIn(host, 'admin@north');
  const told = async (path = USER1) => (await browser.json('get', path)).body;
  const shown = async (path = USER1) => (await browser.get(path)).text;
  return { ...host, browser, told, shown };
}

/** `testAuthorize`, but for one action. */
export const allBut =
  (denied: string): Authorize =>
  (req, action, target) =>
    action !== denied && testAuthorize(req, action, target);

/** So many wrong answers of user1@acme, and after the fifth a wait (ms). */
export async function fail(store: SecondFactorStore, times: number, waitMs = 10_000) {
  const limits = { free: 5, waits: [waitMs], stop: 100 };
  for (let n = 0; n < times; n += 1) {
    await store.reserveAttempt('user1@acme', limits, { method: 'totp', stoppable: true });
  }
}
