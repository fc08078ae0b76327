import assert from 'node:assert/strict';
import type { PolicyInput } from 'sallyport';
import { Browser, codeAt } from '../support/browser.js';
import { type FaultProcess, faultProcess } from '../support/fault-processes.js';
import { signIn, statusOf } from '../support/faulty.js';
import { dataServers, type HostData, hostData } from '../support/host-data.js';
import type { KeptServer } from '../support/kept-server.js';
import { eventually } from '../support/redis.js';
import { closeLater, closeStores } from '../support/redis-store.js';
import { UNHURRIED } from '../support/unhurried.js';

const PROFILE = '/two-factor/profile';
const CHALLENGE = '/two-factor/challenge';
/** A process hears of a change within milliseconds; this is for a busy machine. */
const SOON_MS = 4000;

for (const [serverName, start] of dataServers) {
  describe(`what one process revokes (${serverName})`, function () {
    this.timeout(30_000);
    let server: KeptServer;
    let here: FaultProcess;
    let there: FaultProcess;
    let data: HostData;
    let users = 0;

    before(async () => {
      server = await start();
      const settings = { ...UNHURRIED, url: server.url, now: null, ownPolicies: true };
      [here, there] = await Promise.all([faultProcess(settings), faultProcess(settings)]);
      data = closeLater(await hostData(server.url));
    });
    after(async () => {
      await closeStores();
      await server.stop();
    });

    /** One person with a session on each of two processes, both warm. */
    async function person(policy: PolicyInput = { mode: 'required', methods: ['totp'] }) {
      users += 1;
      const name = `user${users}@acme`;
      await data.setPolicy(name, policy);
      const acting = new Browser(here.url);
      const key = await acting.activate(name, Date.now());
      const elsewhere = await signIn(there.url, name, codeAt(key, Date.now() + 30_000));
      assert.equal(await statusOf(acting), 200);
      assert.equal(await statusOf(elsewhere), 200);
      return { name, key, acting, elsewhere };
    }

    const whereTo = async (browser: Browser): Promise<string> => {
      const { status, headers } = await browser.get('/reports');
      return status === 200 ? 'inside' : String(headers.location);
    };
    const comesTo = (browser: Browser, place: string) =>
      eventually(async () => (await whereTo(browser)) === place, SOON_MS);

    /** Told once that the session has ended, and then unknown; by whichever of two copies asks first. */
    async function signsInAgain(browser: Browser): Promise<void> {
      await eventually(async () => (await whereTo(browser)) !== 'inside', SOON_MS);
      await comesTo(browser, '/login');
    }

    async function enrollmentOf({ acting }: { acting: Browser }): Promise<string> {
      const page = await acting.get(PROFILE);
      return /profile\/(?:replace|remove)\/([\w-]+)/.exec(page.text)?.[1] ?? '';
    }

    it('by a reset has ended on both', async () => {
      const { name, acting, elsewhere } = await person();
      await here.tell({ kind: 'reset', user: name });
      for (const browser of [acting, elsewhere]) await signsInAgain(browser);
    });

    it('by a removed factor has ended on the other, while the actor stays inside', async () => {
      const someone = await person({ mode: 'optional', methods: ['totp'] });
      const id = await enrollmentOf(someone);
      const _csrf = await someone.acting.csrf();
      const answer = await someone.acting.post(`${PROFILE}/remove/${id}`, { _csrf });
      assert.equal(answer.headers.location, `${PROFILE}?done=removed`);
      assert.equal(await whereTo(someone.acting), 'inside');
      await signsInAgain(someone.elsewhere);
    });

    it('by a replaced factor has ended on the other, while the actor stays inside', async () => {
      const someone = await person();
      const { acting, elsewhere } = someone;
      const url = `${PROFILE}/replace/${await enrollmentOf(someone)}`;
      const page = (await acting.form(url)).text;
      const field = (pattern: RegExp) => pattern.exec(page)?.[1] ?? '';
      const key = field(/data-sp="totp-key"[^>]*>([^<]*)</);
      const answer = await acting.post(url, {
        code: codeAt(key, Date.now()),
        enrollment: field(/name="enrollment"[^>]*value="([^"]*)"/),
        _csrf: field(/name="_csrf"[^>]*value="([^"]*)"/),
      });
      assert.equal(answer.headers.location, `${PROFILE}?done=replaced`);
      assert.equal(await whereTo(acting), 'inside');
      await signsInAgain(elsewhere);
      await elsewhere.login(someone.name);
      const old = await elsewhere.answerChallenge(codeAt(someone.key, Date.now()));
      assert.equal(old.status, 422);
      await elsewhere.answerChallenge(codeAt(key, Date.now() + 30_000));
      assert.equal(await whereTo(elsewhere), 'inside');
    });

    it('by signing out the others has ended on the other, while the actor stays inside', async () => {
      const { acting, elsewhere } = await person();
      const answer = await acting.post(`${PROFILE}/sign-out-others`, {
        _csrf: await acting.csrf(),
      });
      assert.equal(answer.headers.location, `${PROFILE}?done=signed-out`);
      assert.equal(await whereTo(acting), 'inside');
      await signsInAgain(elsewhere);
    });

    it('by the host’s own code has ended on both', async () => {
      const { name, acting, elsewhere } = await person();
      await here.tell({ kind: 'end-sessions', user: name });
      for (const browser of [acting, elsewhere]) await signsInAgain(browser);
    });

    it('by a tighter policy is void on both, and back when the policy is', async () => {
      const { name, acting, elsewhere } = await person();
      const set = (policy: PolicyInput) => data.setPolicy(name, policy);
      await set({ mode: 'required', methods: ['recovery-code', 'duo'] });
      for (const browser of [acting, elsewhere]) {
        const { status } = await browser.get('/reports');
        assert.notEqual(status, 200);
      }
      await set({ mode: 'required', methods: ['totp'], maxAgeSeconds: 1 });
      await comesTo(elsewhere, CHALLENGE);
      await comesTo(acting, CHALLENGE);
      await set({ mode: 'required', methods: ['totp'] });
      for (const browser of [acting, elsewhere]) assert.equal(await whereTo(browser), 'inside');
    });

    it('by disabling the user is void on both', async () => {
      const { name, acting, elsewhere } = await person();
      await data.disable(name);
      for (const browser of [acting, elsewhere]) await comesTo(browser, '/login');
      const json = await elsewhere.json('get', '/reports');
      assert.equal(json.status, 401);
      assert.equal(json.body.error, 'authentication_required');
    });

    it('by deleting the user has ended on both, also when the id comes back', async () => {
      const { name, acting, elsewhere } = await person();
      await here.tell({ kind: 'delete', user: name });
      for (const browser of [acting, elsewhere]) await signsInAgain(browser);
      const again = new Browser(here.url);
      await again.activate(name, Date.now() + 30_000);
      assert.equal(await whereTo(again), 'inside');
      for (const browser of [acting, elsewhere]) assert.notEqual(await whereTo(browser), 'inside');
    });

    for (const [how, revoke] of [
      ['reset', (name: string) => here.tell({ kind: 'reset', user: name })],
      ['end of all sessions', (name: string) => here.tell({ kind: 'end-sessions', user: name })],
    ] as const) {
      it(`stays void when a request that was under way at the ${how} saves its session`, async () => {
        const { name, elsewhere } = await person();
        const waiting = there.said();
        const slow = elsewhere.copy();
        const answer = slow.get('/slow').then((response) => response);
        assert.equal(await waiting, 'waiting');
        await revoke(name);
        await there.tell({ kind: 'go' });
        assert.equal((await answer).text, 'inside slow');
        for (const browser of [slow, elsewhere]) {
          await eventually(async () => (await whereTo(browser)) !== 'inside', SOON_MS);
        }
      });
    }

    it('stays void when a request that was under way at a sign-out elsewhere saves its session', async () => {
      const { elsewhere } = await person();
      const waiting = there.said();
      const slow = elsewhere.copy();
      const answer = slow.get('/slow').then((response) => response);
      assert.equal(await waiting, 'waiting');
      const leaving = elsewhere.copy(here.url);
      const out = await leaving.post('/two-factor/sign-out', { _csrf: await leaving.csrf() });
      assert.equal(out.status, 303);
      await there.tell({ kind: 'go' });
      await answer;
      for (const browser of [slow, elsewhere, elsewhere.copy(here.url)]) {
        await comesTo(browser, '/login');
      }
    });

    it('leaves inside who was given a new session while an old request was under way', async () => {
      const { acting } = await person();
      const waiting = here.said();
      const slow = acting.copy();
      const answer = slow.get('/slow').then((response) => response);
      assert.equal(await waiting, 'waiting');
      await acting.post(`${PROFILE}/sign-out-others`, { _csrf: await acting.csrf() });
      await here.tell({ kind: 'go' });
      await answer;
      assert.equal(await whereTo(acting), 'inside');
      assert.equal(await whereTo(acting.copy(there.url)), 'inside');
      // Told once to try again with the id that has come meanwhile, which this browser does not have.
      assert.notEqual(await whereTo(slow), 'inside');
      await comesTo(slow, '/login');
    });
  });
}
