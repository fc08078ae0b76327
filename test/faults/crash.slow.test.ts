import assert from 'node:assert/strict';
import type { SecondFactorStore } from 'sallyport';
import { type Host, host } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { type FaultProcess, faultProcess } from '../support/fault-processes.js';
import { statusOf } from '../support/faulty.js';
import { dataServers, hostData } from '../support/host-data.js';
import type { KeptServer } from '../support/kept-server.js';
import { closeLater, closeStores } from '../support/redis-store.js';

const MINUTE = 60_000;
const AT_ONCE = 3;

for (const [serverName, start] of dataServers) {
  /**
   * A process that dies (-9) between any two calls of its stores, session store included; another one, which
   * has seen nothing of it, then looks at what is left.
   */
  describe(`a process killed between two steps (${serverName})`, function () {
    this.timeout(180_000);
    let server: KeptServer;
    let here: Host;
    let store: SecondFactorStore;
    let time = Date.UTC(2026, 0, 1, 0, 0, 15);
    let users = 0;

    before(async () => {
      server = await start();
      const data = closeLater(await hostData(server.url, { now: () => time }));
      store = data.store;
      here = await host({
        ...{ store, sessions: data.sessions },
        policy: () => ({ mode: 'required', methods: ['totp', 'recovery-code'] }),
      });
    });
    after(async () => {
      await closeStores();
      await server.stop();
    });

    /** A later time: codes of earlier ones have been used. */
    function later(): number {
      time += 5 * MINUTE;
      return time;
    }

    async function enrolled() {
      users += 1;
      const name = `user${users}@acme`;
      const inside = new Browser(here.app);
      const key = await inside.activate(name, later());
      assert.equal(await statusOf(inside), 200);
      return { name, key, inside, codes: inside.recoveryCodes };
    }

    async function challenged(target: Host['app'] | string, name: string): Promise<Browser> {
      const browser = new Browser(target);
      await browser.login(name);
      assert.equal((await browser.get('/reports')).headers.location, '/two-factor/challenge');
      return browser;
    }

    /** The person signs in anew, as they would, and is let in with the next code. */
    async function goesOn(name: string, key: string): Promise<void> {
      const browser = await challenged(here.app, name);
      const answer = await browser.answerChallenge(codeAt(key, later()));
      assert.equal(answer.status, 303, answer.text);
      assert.equal(await statusOf(browser), 200);
    }

    /** What is to hold after a death; null when the flow came to its end alive. */
    type Afterwards = (() => Promise<void>) | null;

    /**
     * Tries every place to die in, some at a time, and then looks at what is left, one after the other since
     * time is shared. How many places there were.
     */
    async function everywhere<P>(
      prepare: () => Promise<P>,
      flow: (process: FaultProcess, calls: number, person: P, now: number) => Promise<Afterwards>,
    ): Promise<number> {
      for (let calls = 0; ; calls += AT_ONCE) {
        const people: P[] = [];
        for (let n = 0; n < AT_ONCE; n += 1) people.push(await prepare());
        const now = later();
        const outcomes = await Promise.all(
          people.map(async (person, more) => {
            const process = await faultProcess({ url: server.url, now });
            const afterwards = await flow(process, calls + more, person, now);
            if (afterwards) assert.equal(await process.ended(), 'SIGKILL');
            return afterwards;
          }),
        );
        for (const afterwards of outcomes) await afterwards?.();
        const lived = outcomes.indexOf(null);
        if (lived >= 0) return calls + lived;
      }
    }

    /** True when an answer came. */
    async function arrives(request: PromiseLike<unknown>): Promise<boolean> {
      return Promise.resolve(request).then(
        () => true,
        () => false,
      );
    }

    it('of an enrollment leaves nobody half enrolled, and lets nobody in', async () => {
      const nameIt = async () => {
        users += 1;
        return `new${users}@acme`;
      };
      const places = await everywhere(nameIt, async (process, calls, name, now) => {
        const browser = new Browser(process.url);
        await browser.login(name);
        const { key, ...fields } = await browser.totpForm();
        await process.tell({ kind: 'arm', calls });
        const answer = { code: codeAt(key, now), ...fields };
        if (await arrives(browser.post('/two-factor/activate/totp', answer))) return null;
        return async () => {
          assert.notEqual(await statusOf(browser.copy(here.app)), 200, `${calls}: is not inside`);
          if ((await store.readSubject(name)).enrollments.length === 1) return goesOn(name, key);
          const again = new Browser(here.app);
          await again.activate(name, later());
          assert.equal(await statusOf(again), 200, `${calls}: can activate again`);
        };
      });
      assert.ok(places >= 5, `${places} places`);
    });

    it('of a verification neither lets in nor un-enrolls, and the person goes on', async () => {
      const places = await everywhere(enrolled, async (process, calls, { name, key }, now) => {
        const browser = await challenged(process.url, name);
        const answer = { code: codeAt(key, now), _csrf: await browser.csrf() };
        await process.tell({ kind: 'arm', calls });
        if (await arrives(browser.post('/two-factor/challenge/totp', answer))) return null;
        return async () => {
          assert.notEqual(await statusOf(browser.copy(here.app)), 200, `${calls}: is not inside`);
          await goesOn(name, key);
        };
      });
      assert.ok(places >= 3, `${places} places`);
    });

    it('of a recovery spends at most the one code, and the person goes on with another', async () => {
      const path = '/two-factor/challenge/recovery-code';
      const places = await everywhere(enrolled, async (process, calls, { name, key, codes }) => {
        const browser = await challenged(process.url, name);
        const answer = { code: codes[0] ?? '', _csrf: await browser.csrf() };
        await process.tell({ kind: 'arm', calls });
        if (await arrives(browser.post(path, answer))) return null;
        return async () => {
          assert.notEqual(await statusOf(browser.copy(here.app)), 200, `${calls}: is not inside`);
          const left = (await store.readSubject(name)).recoveryCodesLeft;
          assert.ok(left === 10 || left === 9, `${left} left`);
          const again = await challenged(here.app, name);
          const next = { code: codes[1] ?? '', _csrf: await again.csrf() };
          // A page where it says how many are left, or the way on.
          assert.ok([200, 303].includes((await again.post(path, next)).status));
          assert.equal(await statusOf(again), 200);
          assert.equal((await store.readSubject(name)).recoveryCodesLeft, left - 1);
          await goesOn(name, key);
        };
      });
      assert.ok(places >= 3, `${places} places`);
    });

    it('of a reset has either not begun it, or done it and ended the sessions', async () => {
      const places = await everywhere(enrolled, async (process, calls, { name, key, inside }) => {
        await process.tell({ kind: 'arm', calls });
        if (await process.tell({ kind: 'reset', user: name })) return null;
        return async () => {
          if ((await store.readSubject(name)).enrollments.length === 1) {
            assert.equal(await statusOf(inside), 200);
            return goesOn(name, key);
          }
          assert.notEqual(await statusOf(inside), 200, 'its sessions have ended');
          const again = new Browser(here.app);
          await again.activate(name, later());
          assert.equal(await statusOf(again), 200);
        };
      });
      assert.ok(places >= 1, `${places} places`);
    });
  });
}
