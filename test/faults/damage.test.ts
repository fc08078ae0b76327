import assert from 'node:assert/strict';
import { sessionDigest } from '../../src/session/assurance.js';
import type { Host } from '../support/app.js';
import { Browser, codeAt } from '../support/browser.js';
import { assertDenied, redisHost, statusOf } from '../support/faulty.js';
import { eventually, type RedisServer, startRedis } from '../support/redis.js';
import { redisClient } from '../support/redis-client.js';
import { recordsIn } from '../support/redis-records.js';
import { closeLater, closeStores } from '../support/redis-store.js';
import { sessionIdOf } from '../support/worlds.js';

const RESP_BLOB = 36;

describe('a record that was changed in Redis', function () {
  this.timeout(20_000);
  let server: RedisServer;
  let here: Host;
  let users = 0;
  const open = async () => {
    const client = redisClient({ url: server.url }).withTypeMapping({ [RESP_BLOB]: Buffer });
    await client.connect();
    closeLater({ close: () => client.destroy() });
    return client;
  };
  let client: Awaited<ReturnType<typeof open>>;

  before(async () => {
    server = await startRedis();
    here = await redisHost(server.url);
    client = await open();
  });
  after(async () => {
    await closeStores();
    await server.stop();
  });

  async function person() {
    users += 1;
    const name = `user${users}@acme`;
    const inside = new Browser(here.app);
    const key = await inside.activate(name, Date.now());
    const between = new Browser(here.app);
    await between.login(name);
    assert.equal((await between.get('/reports')).headers.location, '/two-factor/challenge');
    return { name, record: `sp:{s:${name}}`, inside, between, key };
  }
  type Person = Awaited<ReturnType<typeof person>>;

  /** The right code, as the person's app shows it next: a 503 and an event, with nothing learned or lost. */
  async function assertCodeUnavailable({ between, key, name }: Person, code = '') {
    const known = here.events.length;
    const given = code || codeAt(key, Date.now() + 30_000);
    const since = performance.now();
    const answer = await between.answerChallenge(given);
    assert.ok(performance.now() - since < 3000);
    assert.equal(answer.status, 503, answer.text);
    assert.ok(Number(answer.headers['retry-after']) > 0);
    assert.ok(here.events.slice(known).some(({ type }) => type === 'unavailable'));
    const next = await between.get('/reports');
    assert.equal(next.headers.location, '/two-factor/challenge', 'neither inside nor un-enrolled');
    const again = new Browser(here.app);
    await again.login(name);
    assert.equal((await again.get('/reports')).headers.location, '/two-factor/challenge');
  }

  /** Puts sealed bytes in the place of a person's own, by somebody who knows how records are written. */
  const seal = ({ name }: Person, change: (sealed: Buffer) => Uint8Array) =>
    recordsIn(client).alter('subject', name, ({ enrollments }) => ({
      enrollments: enrollments.map((one) => ({ ...one, sealed: change(Buffer.from(one.sealed)) })),
    }));
  const sealedOf = async ({ name }: Person) =>
    Buffer.from((await recordsIn(client).read('subject', name)).enrollments[0]?.sealed ?? []);

  it('so that a secret is not the one that was sealed lets no code pass', async () => {
    const damages: [string, (sealed: Buffer) => Buffer][] = [
      ['a bit flipped at the end', (one) => flipped(one, one.length - 1)],
      ['a bit flipped in the middle', (one) => flipped(one, one.length >> 1)],
      ['a bit flipped in the key id', (one) => flipped(one, 1)],
      ['truncated', (one) => one.subarray(0, one.length - 1)],
      ['almost nothing', (one) => one.subarray(0, 1)],
      ['empty', () => Buffer.alloc(0)],
    ];
    const someone = await person();
    const whole = await sealedOf(someone);
    for (const [what, damage] of damages) {
      await seal(someone, () => damage(whole));
      await assertCodeUnavailable(someone).catch((error) => {
        throw new Error(what, { cause: error });
      });
      // Failures of ours are failures of the person's, as far as the count goes; it is not what is tested.
      const uncounted = () => ({ failures: 0, retryAt: 0 });
      await recordsIn(client).alter('subject', someone.name, uncounted);
    }
    await seal(someone, () => whole);
    await eventually(async () => {
      await someone.between.answerChallenge(codeAt(someone.key, Date.now() + 30_000));
      return (await statusOf(someone.between)) === 200;
    });
  });

  it('so that two people have each other’s secret lets neither in with either code', async () => {
    const [one, other] = [await person(), await person()];
    const [ones, others] = [await sealedOf(one), await sealedOf(other)];
    await seal(one, () => others);
    await seal(other, () => ones);
    for (const [victim, thief] of [
      [one, other],
      [other, one],
    ] as const) {
      await assertCodeUnavailable(victim);
      await assertCodeUnavailable(victim, codeAt(thief.key, Date.now() + 30_000));
    }
  });

  it('so that a whole record is another person’s is a 503 for whose it was, and nobody else', async () => {
    const [one, other] = [await person(), await person()];
    await client.copy(other.record, one.record, { REPLACE: true });
    await eventually(async () => (await statusOf(one.inside)) === 503);
    for (const browser of [one.inside, one.between]) await assertDenied(here.app, browser, 'moved');
    assert.equal(await statusOf(other.inside), 200);
  });

  it('in any one byte is a 503 for whom it concerns, and it is said of whom', async () => {
    const someone = await person();
    const whole = (await recordsIn(client).bytes('subject', someone.name)) ?? Buffer.alloc(0);
    assert.ok(whole.length > 100);
    for (let at = 0; at < whole.length; at += 1) {
      await recordsIn(client).put('subject', someone.name, flipped(whole, at));
      const { status } = await someone.between.get('/reports');
      // What the process has at hand is believed until word of the change arrives.
      assert.ok(status === 503 || at === 0, `byte ${at}: ${status}`);
    }
    for (const browser of [someone.inside, someone.between]) {
      await assertDenied(here.app, browser, 'damaged');
    }
    assert.equal(here.events.at(-1)?.type, 'unavailable');
    assert.equal(here.events.at(-1)?.subjectId, someone.name);
    await recordsIn(client).put('subject', someone.name, whole);
    await eventually(async () => (await statusOf(someone.inside)) === 200);
  });

  it('so that it lacks a part is a 503 for everybody whom it concerns', async () => {
    for (const length of [0, 1, 6, 10, 40]) {
      const someone = await person();
      const whole = (await recordsIn(client).bytes('subject', someone.name)) ?? Buffer.alloc(0);
      await recordsIn(client).put('subject', someone.name, whole.subarray(0, length));
      await eventually(async () => (await statusOf(someone.inside)) === 503);
      for (const browser of [someone.inside, someone.between]) {
        await assertDenied(here.app, browser, `${length} bytes`);
      }
    }
  });

  it('so that it is no record at all is a 503 for everybody whom it concerns', async () => {
    const someone = await person();
    await client.set(someone.record, 'nonsense');
    await eventually(async () => (await statusOf(someone.inside)) === 503);
    for (const browser of [someone.inside, someone.between]) {
      await assertDenied(here.app, browser, 'nonsense');
    }
  });

  it('so that what a session has proven cannot be read lets nobody in', async () => {
    const [someone, other] = [await person(), await person()];
    const keyOf = ({ inside }: Person) => `sp:a:${sessionDigest(sessionIdOf(inside))}`;
    const whole = (await client.get(keyOf(someone))) as unknown as Buffer;
    const gated = async () => statusOf(someone.inside);
    for (const damaged of ['', 'v', 'x1:0:["a"]', 'v99:0:{', whole.subarray(0, whole.length - 1)]) {
      await client.set(keyOf(someone), damaged);
      await eventually(async () => (await gated()) === 503);
      await assertDenied(here.app, someone.inside, String(damaged));
    }
    // The record of another session, which stands in the wrong place.
    const others = (await client.get(keyOf(other))) as unknown as Buffer;
    await client.set(keyOf(someone), others);
    await eventually(async () => (await gated()) === 503);
    // The proof of another person: not broken, but nothing that lets this one in.
    await client.set(keyOf(someone), whole);
    const session = sessionDigest(sessionIdOf(someone.inside));
    await recordsIn(client).alter('session', session, () => ({ subjectId: other.name }));
    await eventually(async () => (await gated()) === 303);
    await client.set(keyOf(someone), whole);
    await eventually(async () => (await gated()) === 200);
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] as number) ^ 1;
  return copy;
}
