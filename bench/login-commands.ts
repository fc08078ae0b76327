import pg from 'pg';
import { createClient } from 'redis';
import type { SecondFactorStore } from 'sallyport';
import { postgresStore } from 'sallyport/postgres';
import { redisStore } from 'sallyport/redis';
import { sessionDigest } from '../src/session/assurance.js';
import { host } from '../test/support/app.js';
import { Browser, codeAt } from '../test/support/browser.js';
import { sessionIdOf } from '../test/support/worlds.js';
import { connected } from './door.js';
import { type Line, line } from './report.js';
import type { Servers } from './servers.js';

const LOGINS = 20;

interface Watched {
  readonly name: string;
  /** What is sent, one after the other. */
  readonly unit: string;
  readonly most: number;
  readonly store: SecondFactorStore;
  /** What was sent since the last time, but for heartbeats. */
  take(): Promise<readonly string[]>;
  isTrail(sent: string): boolean;
  /** How many keys or rows it has. */
  kept(): Promise<number>;
  close(): Promise<void>;
}

/**
 * How much each step of a login sends to the store of second factors. The session store is in memory, so that all of
 * it is ours; what runs inside a script is not counted, its call is.
 */
export async function loginCommands({ redis, postgres }: Servers): Promise<Line[]> {
  // Steps of time cannot be waited for, so each login is a minute after the one before.
  let minutes = 0;
  const now = () => Date.now() + minutes * 60_000;
  const next = () => {
    minutes += 1;
  };
  const onRedis = await stepsOf(await watchedRedis(redis, now), next);
  const onPostgres = await stepsOf(await watchedPostgres(await postgres(), now), next);
  return [...onRedis, ...onPostgres];
}

async function stepsOf(watched: Watched, nextMinute: () => void): Promise<Line[]> {
  const { store, name, unit, most, take, isTrail, kept } = watched;
  const { app, door } = await host({
    store,
    policy: () => ({ mode: 'required', methods: ['totp'] }),
  });
  const key = await new Browser(app).activate('user1@acme', store.now());
  const steps = new Map<string, number[]>();
  const note = (step: string, count: number) =>
    steps.set(step, [...(steps.get(step) ?? []), count]);
  let left = { more: 0, between: '', inside: '' };
  for (let login = 0; login <= LOGINS; login += 1) {
    nextMinute();
    const before = await kept();
    const browser = new Browser(app);
    const step = async (what: string, run: () => Promise<unknown>) => {
      await take();
      await run();
      const sent = await take();
      // The first one teaches the server its scripts.
      if (login === 0) return;
      const trail = sent.filter(isTrail);
      note(what, sent.length - trail.length);
      if (trail.length > 0) note(`${what}, for the trail of events`, trail.length);
    };
    await step('the password', () => browser.login('user1@acme'));
    const between = sessionIdOf(browser);
    await step('the gate sends to the challenge', () => browser.get('/reports'));
    let _csrf = '';
    await step('the challenge is shown', async () => {
      const page = await browser.get('/two-factor/challenge');
      _csrf = /name="_csrf" value="([^"]+)"/.exec(page.text)![1]!;
    });
    await step(VERIFIED, async () => {
      const code = codeAt(key, store.now());
      const answer = await browser.post('/two-factor/challenge/totp', { code, _csrf });
      if (answer.status !== 303) throw new Error(`the code was answered with ${answer.status}`);
    });
    await step('the first page inside', () => browser.get('/reports'));
    left = { more: (await kept()) - before, between, inside: sessionIdOf(browser) };
    await step('the second page inside', () => browser.get('/reports'));
  }
  const minutesOf = async (sessionId: string) => {
    const record = await store.readAssurance(sessionDigest(sessionId));
    return record ? Math.round((record.expiresAt - store.now()) / 60_000) : 0;
  };
  const [mark, proof] = [await minutesOf(left.between), await minutesOf(left.inside)];
  await door.close();
  await watched.close();
  const sent = [...steps].map(([step, counts]) => {
    const highest = Math.max(...counts);
    const middle = [...counts].sort((a, b) => a - b)[counts.length >> 1];
    return line(
      `${name} ${unit}: ${step}`,
      `${middle} (most ${highest})`,
      step === VERIFIED ? [`≤ ${most}`, highest <= most] : undefined,
    );
  });
  const what = `what a login leaves in ${name}`;
  const measured = `${left.more}: a proof for ${proof} min, a mark of an end for ${mark} min`;
  return [...sent, line(what, measured, ['2, a mark for 15 min', left.more === 2 && mark <= 15])];
}

const VERIFIED = 'a right code is verified';

/** Commands as the server receives them (MONITOR), without those of scripts, heartbeats and watchers. */
async function watchedRedis(url: string, now: () => number): Promise<Watched> {
  const store = redisStore(createClient({ url }), { prefix: 'login:', initialize: true, now });
  await store.ready();
  const [monitor, marker, admin] = [
    await connected(url),
    await connected(url),
    await connected(url),
  ];
  let seen: string[] = [];
  let marks = 0;
  let reached = () => {};
  await monitor.monitor((entry) => {
    const text = String(entry);
    if (text.includes(`"mark-${marks}"`)) reached();
    else if (/\[\d+ (?!lua)[^\]]*\] /.test(text)) seen.push(text.replace(/^.*?\] /, ''));
  });
  return {
    ...{ name: 'Redis', unit: 'commands', most: 3, store },
    async take() {
      marks += 1;
      const arrived = new Promise<void>((resolve) => {
        reached = resolve;
      });
      await Promise.all([marker.echo(`mark-${marks}`), arrived]);
      const taken = seen;
      seen = [];
      return taken.filter((text) => !/^"(TIME|INFO|HELLO|CLIENT|ECHO|PING)"/i.test(text));
    },
    isTrail: (text) => /:(trails|history)"/.test(text),
    kept: () => admin.dbSize(),
    async close() {
      monitor.destroy();
      await Promise.all([marker.close(), admin.close()]);
    },
  };
}

/** Statements as the pool gets them. */
async function watchedPostgres(url: string, now: () => number): Promise<Watched> {
  const pool = new pg.Pool({ connectionString: url });
  let seen: string[] = [];
  const watched: pg.Pool = Object.create(pool, {
    query: {
      value(query: { readonly text: string }) {
        seen.push(query.text);
        return pool.query(query);
      },
    },
    // Of the pool itself, which keeps count of whom it has lent.
    connect: { value: () => pool.connect() },
  });
  const store = postgresStore(watched, { prefix: 'login_', initialize: true, now });
  await store.ready();
  return {
    ...{ name: 'Postgres', unit: 'statements', most: 4, store },
    async take() {
      const taken = seen.filter((text) => /login_(?:records|events)/.test(text));
      seen = [];
      return taken;
    },
    isTrail: (text) => text.includes('login_events'),
    async kept() {
      const counted = await pool.query<{ rows: number }>(
        'SELECT count(*)::integer AS rows FROM login_records',
      );
      return counted.rows[0]?.rows ?? 0;
    },
    close: () => pool.end(),
  };
}
