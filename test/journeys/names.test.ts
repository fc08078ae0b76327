import assert from 'node:assert/strict';
import type { Request } from 'express';
import { type Directory, memoryStore } from 'sallyport';
import { AdminBrowser, adminHost, ORGANIZATIONS, testDirectory } from '../support/admin.js';
import { host, testClock } from '../support/app.js';
import { Browser } from '../support/browser.js';

const RIGHT_TO_LEFT = [
  ['an override of direction', 'user1\u202egpj.exe'],
  ['Hebrew', '\u05d0\u05dc\u05de\u05d5\u05e0\u05d9@acme.example'],
  ['Arabic', '\u0645\u0633\u062a\u062e\u062f\u0645'],
  ['the end of an isolate', 'user1\u2069\u202ex'],
  ['the beginning of an isolate', 'user1\u2067x'],
] as const;

describe('a name in another direction', () => {
  for (const [what, label] of RIGHT_TO_LEFT) {
    it(`with ${what} stands in an element of its own on every page`, async () => {
      const clock = testClock();
      const { app } = await host({
        store: memoryStore({ now: clock.now }),
        options: {
          subject: (req: Request) => req.user && { id: 'user1@acme', tenantId: 'acme', label },
          branding: () => ({ name: `\u05de\u05d5\u05ea\u05d2 ${label}`.slice(0, 80) }),
        },
      });
      const browser = new Browser(app);
      await browser.login('user1@acme');
      const pages = ['/two-factor/activate/totp'];
      const activation = await browser.get(pages[0] ?? '');
      isolatedOn(activation.text, label);
      await browser.activate('user1@acme', clock.now());
      for (const path of ['/two-factor/profile', '/two-factor/profile/recovery-codes']) {
        isolatedOn((await browser.get(path)).text, label);
      }
      clock.advance(60_000);
      const other = new Browser(app);
      await other.login('user1@acme');
      isolatedOn((await other.get('/two-factor/challenge/totp')).text, label);
    });
  }
});

/** Wherever a letter or mark of the name stands in text, it is within a `<bdi>` or an isolate, and closed there. */
function isolatedOn(html: string, label: string): void {
  const marks = /[\u0590-\u08ff\u202a-\u202e]/;
  const text = html.replace(/<bdi[^>]*>[\s\S]*?<\/bdi>/g, (whole) => {
    const begun = whole.match(/[\u2066-\u2068]/g)?.length ?? 0;
    assert.equal(whole.match(/\u2069/g)?.length ?? 0, begun, whole);
    return '';
  });
  const rest = text
    .replace(/&#8296;[\s\S]*?&#8297;/g, '')
    .replace(/\u2068[^\u2069]*\u2069/g, '')
    .replace(/href="[^"]*"/g, '');
  assert.doesNotMatch(rest.replace(/<svg[\s\S]*?<\/svg>/, ''), marks);
  assert.doesNotMatch(/aria-label="([^"]*)"/.exec(rest)?.[1] ?? '', marks);
  assert.match(html, /<bdi/, label);
}

describe('the administrator’s pages', () => {
  it('keep names of organizations and users in elements of their own, and lists of people as lists', async () => {
    const label = '\u05d0\u05dc\u05de\u202e(x)';
    const name = '\u05d7\u05d1\u05e8\u05d4 \u202dAcme';
    const directory = testDirectory();
    const named: Directory = {
      ...directory,
      organization: (id) => {
        const found = ORGANIZATIONS.find((one) => one.id === id);
        return found ? { ...found, name } : null;
      },
      async users(id, query) {
        const page = await directory.users(id, query);
        return { ...page, items: page.items.map((one) => ({ ...one, label })) };
      },
      async user(id, userId) {
        const found = await directory.user?.(id, userId);
        return found ? { ...found, label } : null;
      },
    };
    const { app } = await adminHost({ directory: named });
    const admin = await AdminBrowser.proven({ app }, 'admin@acme');
    const base = '/setup/organizations/acme';
    for (const path of [
      base,
      `${base}/authentication`,
      `${base}/users`,
      `${base}/users/user1%40acme`,
      `${base}/users/user1%40acme/activate`,
      `${base}/users/user1%40acme/reset`,
      `${base}/events`,
    ]) {
      const { status, text } = await admin.get(path);
      assert.equal(status, 200, path);
      isolatedOn(text, path);
    }
  });
});
