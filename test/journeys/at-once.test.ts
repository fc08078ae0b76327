import assert from 'node:assert/strict';
import type { PolicyInput } from 'sallyport';
import type { Response } from 'supertest';
import { Browser, codeAt } from '../support/browser.js';
import { type FaultProcess, faultProcess } from '../support/fault-processes.js';
import { dataServers, type HostData, hostData } from '../support/host-data.js';
import type { KeptServer } from '../support/kept-server.js';
import { closeLater, closeStores } from '../support/redis-store.js';
import { UNHURRIED } from '../support/unhurried.js';

const PROFILE = '/two-factor/profile';
const ACTIVATE = '/two-factor/activate/totp';
const CHALLENGE = '/two-factor/challenge/totp';
const OPTIONAL = { mode: 'optional', methods: ['totp'], rememberDeviceSeconds: 86_400 } as const;
const ROUNDS = 6;

/** A form that two tabs send at once. */
interface Form {
  readonly path: string;
  readonly fields: Readonly<Record<string, string>>;
}

interface Kind {
  readonly policy?: PolicyInput;
  form(browser: Browser, key: string): Promise<Form>;
  /** Where the one that counts leads. */
  readonly leadsTo: string;
  /** What the other one may be told: 409 says that it was done. */
  readonly other: readonly number[];
  /** What a program may be told that asks meanwhile: 409 has it ask once more, 401 that a code is due. */
  readonly asked: readonly number[];
}

const idOf = async (browser: Browser) =>
  (await browser.json('get', PROFILE)).body.enrollments[0].id as string;

const KINDS: Readonly<Record<string, Kind>> = {
  'a first activation': {
    async form(browser) {
      const { key, enrollment, _csrf } = await browser.totpForm();
      return { path: ACTIVATE, fields: { code: codeAt(key, Date.now()), enrollment, _csrf } };
    },
    leadsTo: '/',
    // 303 leads to the challenge, which leads on from there; 422 is a form anew.
    other: [409, 303, 422],
    asked: [200, 401, 409],
  },
  'a code, with "remember this device"': {
    policy: { ...OPTIONAL, mode: 'required' },
    async form(browser, key) {
      const code = codeAt(key, Date.now() + 30_000);
      return { path: CHALLENGE, fields: { code, remember: '1', _csrf: await browser.csrf() } };
    },
    leadsTo: '/',
    // Used up by the first one, which has not got its new session yet.
    other: [409, 422],
    asked: [401, 409],
  },
  'a replacement': {
    async form(browser) {
      const path = `${PROFILE}/replace/${await idOf(browser)}`;
      await browser.json('post', `${path}/begin`, { _csrf: await browser.csrf() });
      const { key, enrollment, csrfToken: _csrf } = (await browser.json('get', path)).body;
      return { path, fields: { code: codeAt(key, Date.now()), enrollment, _csrf } };
    },
    leadsTo: `${PROFILE}?done=replaced`,
    other: [409],
    asked: [200, 409],
  },
  'a removal': {
    async form(browser) {
      const path = `${PROFILE}/remove/${await idOf(browser)}`;
      return { path, fields: { _csrf: await browser.csrf() } };
    },
    leadsTo: `${PROFILE}?done=removed`,
    other: [409, 404],
    asked: [200, 409],
  },
  'signing the others out': {
    async form(browser) {
      const fields = { _csrf: await browser.csrf() };
      return { path: `${PROFILE}/sign-out-others`, fields };
    },
    leadsTo: `${PROFILE}?done=signed-out`,
    other: [409],
    asked: [200, 409],
  },
};

for (const [serverName, start] of dataServers) {
  describe(`two tabs that send one form at once, to two processes (${serverName})`, function () {
    this.timeout(60_000);
    let server: KeptServer;
    let both: readonly [FaultProcess, FaultProcess];
    let data: HostData;
    let users = 0;

    before(async () => {
      server = await start();
      const settings = { ...UNHURRIED, url: server.url, now: null, ownPolicies: true };
      both = await Promise.all([faultProcess(settings), faultProcess(settings)]);
      data = closeLater(await hostData(server.url));
    });
    after(async () => {
      await closeStores();
      await server.stop();
    });

    /** Signed in, and where the form is: inside, between the doors for a code, or with nothing to prove. */
    async function person(what: string, { policy = OPTIONAL }: Kind) {
      users += 1;
      const name = `user${users}@acme`;
      await data.setPolicy(name, policy);
      const browser = new Browser(both[0].url);
      if (what === 'a first activation') {
        await browser.login(name);
        return { browser, key: '' };
      }
      const key = await browser.activate(name, Date.now());
      if (!what.startsWith('a code')) return { browser, key };
      const next = new Browser(both[0].url);
      await next.login(name);
      return { browser: next, key };
    }

    /** Two tabs send the form, two programs ask for data meanwhile; the browser keeps what it is given. */
    async function atOnce(browser: Browser, { path, fields }: Form) {
      const tabs = both.map(({ url }) => browser.copy(url));
      const programs = both.map(({ url }) => browser.copy(url));
      const [answers, asked] = await Promise.all([
        Promise.all(tabs.map((tab) => tab.post(path, fields).then((answer) => answer))),
        Promise.all(programs.map((one) => one.json('get', '/api/me').then((answer) => answer))),
      ]);
      const given = [...answers, ...asked].filter(hasSession);
      for (const tab of tabs) {
        for (const [name, value] of tab.cookies) {
          if (value !== browser.cookies.get(name)) browser.cookies.set(name, value);
        }
      }
      const id = given.map(sessionOf).at(-1);
      if (id !== undefined) browser.cookies.set('connect.sid', id);
      return { answers, asked, given };
    }

    for (const [what, kind] of Object.entries(KINDS)) {
      it(`${what} counts once, and the browser stays signed in`, async () => {
        for (let round = 0; round < ROUNDS; round += 1) {
          const { browser, key } = await person(what, kind);
          const form = await kind.form(browser, key);
          const { answers, asked, given } = await atOnce(browser, form);
          const told = answers.map(({ status, headers }) => `${status} ${headers.location ?? ''}`);
          const done = answers.filter(({ headers }) => headers.location === kind.leadsTo);
          const other = answers.find((answer) => answer !== done[0]);
          assert.equal(done.length, 1, told.join());
          assert.ok(other && kind.other.includes(other.status), told.join());
          assert.equal(given.length, 1, 'one new session');
          for (const { status, text } of asked) assert.ok(kind.asked.includes(status), text);
          for (const { url } of both) {
            const { status, headers } = await browser.copy(url).get('/reports');
            assert.equal(status, 200, `round ${round}: ${told} and then ${headers.location}`);
          }
        }
      });
    }

    it('a name is given by both', async () => {
      const { browser } = await person('a name', KINDS['a removal'] as Kind);
      const path = `${PROFILE}/rename/${await idOf(browser)}`;
      const { answers } = await atOnce(browser, {
        path,
        fields: { name: 'Phone', _csrf: await browser.csrf() },
      });
      for (const { headers } of answers) {
        assert.equal(headers.location, `${PROFILE}?done=renamed`);
      }
      assert.equal((await browser.get('/reports')).status, 200);
    });
  });
}

const cookiesOf = ({ headers }: Response): string => String(headers['set-cookie'] ?? '');
const hasSession = (answer: Response): boolean => cookiesOf(answer).includes('connect.sid=');
const sessionOf = (answer: Response): string | undefined =>
  /connect\.sid=([^;]*)/.exec(cookiesOf(answer))?.[1];
