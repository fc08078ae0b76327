import assert from 'node:assert/strict';
import { mock } from 'node:test';
import type { Check, Decision, Door, PolicyInput } from 'sallyport';
import type { HostOptions } from '../support/app.js';
import { Browser } from '../support/browser.js';
import { eventually } from '../support/redis.js';
import { journeys, TOTP_ONLY } from '../support/worlds.js';

const HOUR = 3_600_000;
const MINUTE = 60_000;

journeys('a check by the host’s own code', (world) => {
  let checks: Check[];
  beforeEach(() => {
    checks = [];
  });
  afterEach(() => mock.timers.reset());

  /** A host that asks for itself at one path, as it would before it takes a WebSocket. */
  const asking = (options: HostOptions = {}): HostOptions => ({
    gate: { exempt: ['GET /socket'] },
    routes(app, door: Door) {
      app.get('/socket', async (req, res) => {
        checks.push(await door.check(req));
        res.end();
      });
    },
    ...options,
  });

  async function checked(browser: Browser): Promise<Check> {
    await browser.get('/socket');
    return checks.at(-1) as Check;
  }

  async function inside(options: HostOptions = {}, user = 'user1@acme') {
    const host = await world().host(asking(options));
    const browser = new Browser(host.app);
    await browser.activate(user, world().clock.now());
    return { ...host, browser, check: await checked(browser) };
  }

  function listen(check: Check) {
    const heard: (Decision | null)[] = [];
    const stop = check.onRevoked((decision) => void heard.push(decision));
    return { heard, stop };
  }

  const kindsOf = ({ heard }: ReturnType<typeof listen>) => heard.map((one) => one?.kind);

  it('says that nobody is there, and that they are not let in', async () => {
    const { app } = await world().host(asking());
    const { decision, subject, policy, assurance, expiresAt, onRevoked } = await checked(
      new Browser(app),
    );
    assert.deepEqual(decision, { kind: 'deny', why: 'no-subject' });
    assert.deepEqual([subject, policy, assurance, expiresAt], [null, null, [], null]);
    const heard: unknown[] = [];
    onRevoked((late) => void heard.push(late));
    assert.deepEqual(heard, [], 'not before the caller has what it returns');
    await eventually(() => heard.length === 1);
    assert.deepEqual(heard, [decision]);
  });

  it('says what is still to be done between the doors, and by whom', async () => {
    const { app } = await world().host(asking());
    const browser = new Browser(app);
    await browser.login('user1@acme');
    const { decision, subject, policy, assurance, expiresAt } = await checked(browser);
    assert.equal(decision.kind, 'enroll');
    assert.equal(subject?.id, 'user1@acme');
    assert.deepEqual(policy?.methods, ['totp']);
    assert.deepEqual([assurance, expiresAt], [[], null]);
    // Once sent between the doors there is a record of the session, and still no proof in it.
    await browser.get('/');
    const again = await checked(browser);
    assert.deepEqual([again.assurance, again.expiresAt], [[], null]);
  });

  it('says what is proven, and when that ends', async () => {
    const { check, browser } = await inside();
    const { now } = world().clock;
    const { enrollments } = await world().store.readSubject('user1@acme');
    assert.deepEqual(check.decision, { kind: 'pass', why: 'proven' });
    assert.deepEqual(check.assurance, [
      {
        ...{ method: 'totp', enrollmentId: enrollments[0]?.id, at: new Date(now()) },
        phishingResistant: false,
      },
    ]);
    assert.deepEqual(check.expiresAt, new Date(now() + 12 * HOUR));
    world().clock.advance(HOUR);
    assert.deepEqual((await checked(browser)).expiresAt, check.expiresAt);
  });

  it('counts the shorter age that the policy has', async () => {
    const { check } = await inside({ policy: () => ({ ...TOTP_ONLY, maxAgeSeconds: 600 }) });
    assert.deepEqual(check.expiresAt, new Date(world().clock.now() + 10 * MINUTE));
  });

  it('calls back once when another process resets the person', async () => {
    const { check } = await inside();
    const elsewhere = await world().host();
    const { heard } = listen(check);
    await elsewhere.door.subjects.reset({ id: 'user1@acme', tenantId: 'acme' });
    await eventually(() => heard.length > 0);
    await elsewhere.door.subjects.reset({ id: 'user1@acme', tenantId: 'acme' });
    await elsewhere.door.subjects.reset({ id: 'user2@acme', tenantId: 'acme' });
    await checked(new Browser(elsewhere.app));
    assert.equal(heard.length, 1);
    assert.deepEqual(heard[0], { kind: 'deny', why: 'session-ended' });
  });

  it('calls back at logout, each who listens and nobody who has stopped', async () => {
    const { check, browser } = await inside();
    const [first, second, third] = [listen(check), listen(check), listen(check)];
    second.stop();
    await browser.post('/logout');
    await eventually(() => first.heard.length > 0 && third.heard.length > 0);
    assert.deepEqual(first.heard, [{ kind: 'deny', why: 'session-ended' }]);
    assert.deepEqual([second.heard, third.heard.length], [[], 1]);
  });

  it('is not disturbed by what happens to others', async () => {
    const { check, door } = await inside();
    const { heard } = listen(check);
    await door.subjects.reset({ id: 'user2@acme', tenantId: 'acme' });
    await world().store.readSubject('user2@acme');
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(heard, []);
  });

  it('looks again every five seconds, for what no store can tell: time and the host’s policy', async () => {
    mock.timers.enable({ apis: ['setInterval'] });
    let policy: PolicyInput = TOTP_ONLY;
    const { check, browser } = await inside({ policy: () => policy });
    const stricter = listen(check);
    mock.timers.tick(5000);
    await checked(browser);
    assert.deepEqual(stricter.heard, []);
    policy = { ...TOTP_ONLY, maxAgeSeconds: 60 };
    world().clock.advance(MINUTE);
    mock.timers.tick(4999);
    await checked(browser);
    assert.deepEqual(stricter.heard, []);
    mock.timers.tick(1);
    await eventually(() => stricter.heard.length > 0);
    assert.deepEqual(kindsOf(stricter), ['challenge']);

    policy = TOTP_ONLY;
    const late = listen(check);
    world().clock.advance(12 * HOUR);
    mock.timers.tick(5000);
    await eventually(() => late.heard.length > 0);
    assert.deepEqual(kindsOf(late), ['challenge']);
  });

  it('takes a policy that cannot be told for a revocation', async () => {
    mock.timers.enable({ apis: ['setInterval'] });
    let broken = false;
    const { check } = await inside({
      policy() {
        if (broken) throw new Error('down');
        return TOTP_ONLY;
      },
    });
    const { heard } = listen(check);
    broken = true;
    mock.timers.tick(5000);
    await eventually(() => heard.length > 0);
    assert.deepEqual(heard, [null]);
  });

  it('leaves no timer when nobody listens any more, or the door is closed', async () => {
    mock.timers.enable({ apis: ['setInterval'] });
    let asked = 0;
    const { check, browser, door } = await inside({
      policy() {
        asked += 1;
        return TOTP_ONLY;
      },
    });
    const { stop } = listen(check);
    await checked(browser);
    stop();
    let before = asked;
    mock.timers.tick(60_000);
    assert.equal(asked, before);
    // It begins again with the next who listens.
    listen(check);
    mock.timers.tick(5000);
    assert.ok(asked > before);
    await door.close();
    before = asked;
    mock.timers.tick(60_000);
    assert.equal(asked, before);
  });
});
