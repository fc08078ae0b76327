import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import { allowInsecureRequests, discovery } from 'openid-client';
import passport, { type PassportStatic } from 'passport';
import type { PolicyInput, ProofRule } from 'sallyport';
import { openIdSignIn } from '../docs/samples/openid-sign-in.js';
import { samlSignIn } from '../docs/samples/saml-sign-in.js';
import type { HostOptions } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import {
  CLIENT,
  closed,
  listening,
  type OpenIdProvider,
  openIdProvider,
} from '../support/openid-provider.js';
import { type Said, samlProvider } from '../support/saml-provider.js';
import { firstHeard, SlowSessions } from '../support/slow-sessions.js';
import { journeys } from '../support/worlds.js';

const USER = 'user1@acme';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const MFA: ProofRule = {
  ...{ by: 'okta', amr: ['mfa'], acr: [], maxAgeSeconds: 8 * 3600, phishingResistant: false },
};
const GOLD = 'urn:example:gold';

const userOf = async (sub: string) => (sub === 'stranger' ? null : { id: sub });

passport.serializeUser<string>((user, done) => done(null, (user as { id: string }).id));

/** An app at an address of its own, with what signs people in; its rules are its policy's. */
journeys('single sign-on', (world) => {
  let policy: PolicyInput;
  let server: Server;
  let origin: string;
  let app: RequestListener;

  beforeEach(async () => {
    // A provider has the time of the day.
    world().clock.advance(Date.now() - world().clock.now());
    policy = { mode: 'required', methods: ['totp'], proofs: [MFA] };
    server = createServer((req, res) => app(req, res));
    await listening(server);
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => closed(server));

  async function start(
    signIn: (app: Express, own: PassportStatic) => void,
    more: HostOptions = {},
  ) {
    const host = await world().host({
      ...more,
      policy: () => policy,
      above(made) {
        signIn(made, passport);
      },
      routes(made, door) {
        made.get('/pay', door.require({ maxAge: '5m' }), (_req, res) => res.send('paid'));
      },
      options: {
        origin,
        proofs: (req) => req.session.proofs,
        signInAgain: (_req, { by }) =>
          by === 'okta' ? { name: 'Okta', url: '/login/okta?again' } : null,
      },
    });
    app = host.app;
    return host;
  }

  const isIn = async (browser: Browser) => {
    const { status, body } = await browser.json('get', '/reports');
    return status === 200 ? 'in' : (body.next ?? body.error);
  };

  describe('by OpenID Connect', () => {
    let idp: OpenIdProvider;

    async function startOpenId(more: HostOptions = {}) {
      idp = await openIdProvider(`${origin}/login/okta/callback`);
      const config = await discovery(new URL(idp.issuer), CLIENT.id, CLIENT.secret, undefined, {
        execute: [allowInsecureRequests],
      });
      return start(
        (made, own) =>
          openIdSignIn({ app: made, passport: own, by: 'okta', config, origin, userOf }),
        more,
      );
    }
    afterEach(() => idp.close());

    /** Follows the browser between the two, and gives the page of the app at which it comes to rest. */
    async function follow(browser: Browser, at: Browser, path: string) {
      let url = new URL(path, origin);
      let answer = await browser.get(path);
      for (let hops = 0; answer.status >= 300 && answer.status < 400; hops += 1) {
        assert.ok(hops < 12, 'it leads on without an end');
        url = new URL(String(answer.headers.location), url);
        const where = url.origin === origin ? browser : at;
        answer = await where.get(url.pathname + url.search);
      }
      return answer;
    }

    const people = () => ({ browser: new Browser(origin), at: new Browser(idp.issuer) });

    it('leads whoever has proven two factors there to the page that they asked for', async () => {
      const { events } = await startOpenId();
      const { browser, at } = people();
      assert.equal((await browser.get('/reports')).headers.location, '/login');
      idp.next = { accountId: USER, amr: ['pwd', 'mfa'] };
      const page = await follow(browser, at, '/login/okta');
      assert.equal(page.text, 'inside GET /reports');
      const { assurance } = (await browser.json('get', '/api/me')).body;
      assert.deepEqual([assurance[0].method, assurance[0].by], ['sign-in', 'okta']);
      assert.match(assurance[0].name, /^by okta, (just now|a minute ago)$/);
      const told = events.filter(({ method }) => method === 'sign-in');
      assert.equal(told.length, 1);
      assert.match(String(told[0]?.detail), /^by okta at .*, amr pwd mfa, acr -$/);
    });

    it('asks whoever has given a password there for a factor of ours, and then leads them on as well', async () => {
      await startOpenId();
      const { browser, at } = people();
      await browser.get('/reports?of=may');
      idp.next = { accountId: USER, amr: ['pwd'] };
      assert.match((await follow(browser, at, '/login/okta')).text, /data-sp="totp-key"/);
      assert.equal(await isIn(browser), 'enroll');
      const { key, enrollment, _csrf } = await browser.totpForm();
      const code = codeAt(key, world().clock.now());
      const form = { code, enrollment, _csrf };
      const { location } = (await browser.post('/two-factor/activate/totp', form)).headers;
      assert.equal(location, '/reports?of=may');
    });

    it('leads on only once the session is saved: a browser follows at once', async () => {
      const sessions = new SlowSessions();
      await startOpenId({ sessions });
      const { browser, at } = people();
      idp.next = { accountId: USER, amr: ['mfa'] };
      const begun = await browser.get('/login/okta');
      let url = new URL(String(begun.headers.location));
      while (url.origin === idp.issuer) {
        const { location } = (await at.get(url.pathname + url.search)).headers;
        url = new URL(String(location), idp.issuer);
      }
      const { statusCode } = await firstHeard(browser, url);
      assert.deepEqual([statusCode, sessions.saving], [302, 0]);
    });

    it('goes by the level where the rule does', async () => {
      await startOpenId();
      policy = { ...policy, proofs: [{ ...MFA, amr: [], acr: [GOLD] }] };
      for (const [acr, expected] of [
        ['urn:example:silver', 'enroll'],
        [GOLD, 'in'],
      ] as const) {
        const { browser, at } = people();
        idp.next = { accountId: USER, acr };
        await follow(browser, at, '/login/okta');
        assert.equal(await isIn(browser), expected, acr);
      }
    });

    it('believes the time of the provider’s own session, and not that of our login', async () => {
      await startOpenId();
      const { browser, at } = people();
      const ts = Math.floor((Date.now() - 7 * HOUR) / 1000);
      idp.next = { accountId: USER, amr: ['mfa'], ts };
      await follow(browser, at, '/login/okta');
      assert.equal(await isIn(browser), 'in');
      assert.equal((await browser.json('get', '/pay')).body.why, 'step-up');
      world().clock.advance(HOUR);
      assert.equal(await isIn(browser), 'enroll');
    });

    it('has the provider ask anew where somebody is to sign in again, and leads them back', async () => {
      await startOpenId();
      const { browser, at } = people();
      const ts = Math.floor((Date.now() - 9 * HOUR) / 1000);
      idp.next = { accountId: USER, amr: ['mfa'], ts };
      await browser.get('/reports?of=may');
      const page = await follow(browser, at, '/login/okta');
      assert.match(page.text, /Your sign-in with Okta was more than 9 hours ago/);
      assert.equal(idp.asked, 1);
      idp.next = { accountId: USER, amr: ['mfa'] };
      const back = await follow(browser, at, '/two-factor/sign-in-again?by=okta');
      assert.equal(back.text, 'inside GET /reports');
      assert.equal(idp.asked, 2);
    });

    it('does the same for a step-up', async () => {
      await startOpenId();
      const { browser, at } = people();
      idp.next = { accountId: USER, amr: ['mfa'], ts: Math.floor(Date.now() / 1000) - 3600 };
      await follow(browser, at, '/login/okta');
      const page = await follow(browser, at, '/pay');
      assert.match(page.text, /needs one of the last 5 minutes/);
      idp.next = { accountId: USER, amr: ['mfa'] };
      const back = await follow(browser, at, '/two-factor/sign-in-again?by=okta');
      assert.equal(back.text, 'paid');
    });

    it('says that it was not enough where the provider tells of the same sign-in again', async () => {
      await startOpenId();
      const { browser, at } = people();
      const ts = Math.floor((Date.now() - 9 * HOUR) / 1000);
      idp.next = { accountId: USER, amr: ['mfa'], ts };
      await follow(browser, at, '/login/okta');
      for (const _time of [1, 2]) {
        const page = await follow(browser, at, '/two-factor/sign-in-again?by=okta');
        assert.match(page.text, /Signing in again was not enough/);
        assert.match(page.text, /activate\/totp/);
      }
      assert.equal(idp.asked, 3);
      assert.equal(await isIn(browser), 'enroll');
    });

    it('does not count what was proven before a reset, though the provider says it again', async () => {
      const { door } = await startOpenId();
      const { browser, at } = people();
      idp.next = { accountId: USER, amr: ['mfa'], ts: Math.floor(Date.now() / 1000) - 60 };
      await follow(browser, at, '/login/okta');
      assert.equal(await isIn(browser), 'in');
      await door.subjects.reset({ id: USER, tenantId: 'acme' });
      assert.notEqual(await isIn(browser), 'in');
      const again = new Browser(origin);
      await follow(again, at, '/login/okta');
      assert.equal(idp.asked, 1, 'the provider has asked nobody anew');
      assert.equal(await isIn(again), 'enroll');
      world().clock.advance(5000);
      const { browser: fresh, at: anew } = people();
      idp.next = { accountId: USER, amr: ['mfa'], ts: Math.floor(world().clock.now() / 1000) };
      await follow(fresh, anew, '/login/okta');
      assert.equal(await isIn(fresh), 'in');
    });

    it('counts nothing of the person before in the same browser', async () => {
      await startOpenId();
      const { browser, at } = people();
      idp.next = { accountId: USER, amr: ['mfa'] };
      await follow(browser, at, '/login/okta');
      assert.equal(await isIn(browser), 'in');
      await browser.login('user2@acme');
      assert.equal(await isIn(browser), 'enroll');
    });

    it('lets nobody in whom the app does not know, and nobody by a callback of another’s', async () => {
      await startOpenId();
      const { browser, at } = people();
      idp.next = { accountId: 'stranger', amr: ['mfa'] };
      assert.match((await follow(browser, at, '/login/okta')).text, /You have no account here/);
      const { browser: victim, at: attackers } = people();
      idp.next = { accountId: USER, amr: ['mfa'] };
      const begun = await new Browser(origin).get('/login/okta');
      let url = new URL(String(begun.headers.location));
      for (let hops = 0; url.origin === idp.issuer && hops < 6; hops += 1) {
        const { location } = (await attackers.get(url.pathname + url.search)).headers;
        url = new URL(String(location), idp.issuer);
      }
      assert.equal(url.pathname, '/login/okta/callback');
      const refused = await victim.get(url.pathname + url.search);
      assert.notEqual(refused.headers.location, '/two-factor/challenge');
      assert.notEqual(await isIn(victim), 'in');
    });
  });

  describe('by SAML', () => {
    let idp: Awaited<ReturnType<typeof samlProvider>>;
    const RULE = { ...MFA, by: 'adfs', amr: [], acr: [GOLD] };

    async function startSaml() {
      idp = await samlProvider();
      policy = { ...policy, proofs: [RULE] };
      const entryPoint = 'https://idp.example/sso';
      return start((made, own) =>
        samlSignIn({
          ...{
            app: made,
            passport: own,
            by: 'adfs',
            origin,
            entryPoint,
            idpCert: idp.cert,
            userOf,
          },
        }),
      );
    }

    const gold = (more: Partial<Said> = {}): Said => ({
      ...{ nameId: USER, at: new Date(Date.now() - 1000), acr: GOLD },
      ...more,
    });

    async function signIn(browser: Browser, said: Said, afterwards?: (xml: string) => string) {
      const { location } = (await browser.get('/login/adfs')).headers;
      const fields = idp.answer(String(location), said, afterwards);
      return { fields, answer: await browser.post('/login/adfs/callback', fields) };
    }

    it('lets in whoever has proven it there, by the signed assertion', async () => {
      await startSaml();
      const browser = new Browser(origin);
      await browser.get('/reports');
      const { answer } = await signIn(browser, gold());
      assert.equal(answer.headers.location, '/two-factor/challenge', answer.text);
      assert.equal((await browser.get('/two-factor/challenge')).headers.location, '/reports');
      assert.equal(await isIn(browser), 'in');
      const [proof] = (await browser.json('get', '/api/me')).body.assurance;
      assert.deepEqual([proof.method, proof.by], ['sign-in', 'adfs']);
    });

    it('asks whoever has proven less, too long ago, or is another', async () => {
      await startSaml();
      for (const said of [
        gold({ acr: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport' }),
        gold({ at: new Date(Date.now() - 8 * HOUR - MINUTE) }),
        gold({ at: new Date(Date.now() + HOUR) }),
      ]) {
        const browser = new Browser(origin);
        await signIn(browser, said);
        assert.equal(await isIn(browser), 'enroll', JSON.stringify(said));
      }
    });

    it('takes no assertion that was altered, and none twice', async () => {
      await startSaml();
      const browser = new Browser(origin);
      const silver = gold({ acr: 'urn:example:silver' });
      const forged = await signIn(browser, silver, (xml) => xml.replace('silver', 'gold'));
      assert.notEqual(forged.answer.headers.location, '/two-factor/challenge');
      assert.notEqual(await isIn(browser), 'in');
      const { fields, answer } = await signIn(browser, gold());
      assert.equal(answer.headers.location, '/two-factor/challenge');
      const replayed = new Browser(origin);
      await replayed.post('/login/adfs/callback', fields);
      assert.notEqual(await isIn(replayed), 'in');
    });
  });
});
