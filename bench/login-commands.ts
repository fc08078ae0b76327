import { createClient } from 'redis';
import { redisStore } from 'sallyport/redis';
import { sessionDigest } from '../src/session/assurance.js';
import { host } from '../test/support/app.js';
import { Browser, codeAt } from '../test/support/browser.js';
import { sessionIdOf } from '../test/support/worlds.js';
import { connected } from './door.js';
import { type Line, line } from './report.js';

const LOGINS = 20;

/**
 * How many Redis commands of ours each step of a login costs. The session store is in memory, so that all
 * commands are ours; those inside a script run on the server and are not counted, its call is.
 */
export async function loginCommands(redisUrl: string): Promise<Line[]> {
  const client = createClient({ url: redisUrl });
  // Steps of time cannot be waited for, so each login is a minute after the one before.
  let login = 0;
  let minutes = 0;
  const now = () => Date.now() + minutes * 60_000;
  const store = redisStore(client, { prefix: 'login:', initialize: true, now });
  const { app, door } = await host({
    store,
    policy: () => ({ mode: 'required', methods: ['totp'] }),
  });
  const watch = await commandWatch(redisUrl);
  const admin = await connected(redisUrl);

  const key = await new Browser(app).activate('user1@acme', store.now());
  let left = { keys: 0, between: '', inside: '' };
  const steps = new Map<string, number[]>();
  const note = (name: string, count: number) => {
    // The first one teaches the server its scripts.
    if (login > 0) steps.set(name, [...(steps.get(name) ?? []), count]);
  };
  const step = async (name: string, run: () => Promise<unknown>) => {
    await watch.take();
    await run();
    const sent = await watch.take();
    const trail = sent.filter((text) => /:(trails|history)"/.test(text));
    note(name, sent.length - trail.length);
    if (trail.length > 0) note(`${name}, for the trail of events`, trail.length);
  };
  for (; login < LOGINS; login += 1) {
    minutes += 1;
    const before = await admin.dbSize();
    const browser = new Browser(app);
    await browser.login('user1@acme');
    const between = sessionIdOf(browser);
    await step('the gate sends to the challenge', () => browser.get('/reports'));
    let _csrf = '';
    await step('the challenge is shown', async () => {
      const page = await browser.get('/two-factor/challenge');
      _csrf = /name="_csrf" value="([^"]+)"/.exec(page.text)![1]!;
    });
    await step('a right code is verified', async () => {
      const code = codeAt(key, store.now());
      const answer = await browser.post('/two-factor/challenge/totp', { code, _csrf });
      if (answer.status !== 303) throw new Error(`the code was answered with ${answer.status}`);
    });
    await step('the first page inside', () => browser.get('/reports'));
    left = { keys: (await admin.dbSize()) - before, between, inside: sessionIdOf(browser) };
    await step('the second page inside', () => browser.get('/reports'));
  }
  const [marked, proven] = await Promise.all([minutesOf(left.between), minutesOf(left.inside)]);
  await watch.close();
  await admin.close();
  await door.close();
  const commands = [...steps].map(([name, counts]) => {
    const most = Math.max(...counts);
    const measured = `${[...counts].sort((a, b) => a - b)[counts.length >> 1]} (most ${most})`;
    return line(
      `Redis commands: ${name}`,
      measured,
      name === 'a right code is verified' ? ['≤ 3', most <= 3] : undefined,
    );
  });
  return [
    ...commands,
    line(
      'keys of ours that a login leaves in Redis',
      `${left.keys}: a proof for ${proven} min, a mark of an end for ${marked} min`,
      ['2, a mark for 15 min', left.keys === 2 && marked <= 15],
    ),
  ];

  /** How long the store still knows of a session. */
  async function minutesOf(sessionId: string): Promise<number> {
    const record = await store.readAssurance(sessionDigest(sessionId));
    return record ? Math.round((record.expiresAt - store.now()) / 60_000) : 0;
  }
}

/** Commands as the server receives them (MONITOR), without those of scripts, heartbeats and watchers. */
async function commandWatch(redisUrl: string) {
  const [monitor, marker] = await Promise.all([connected(redisUrl), connected(redisUrl)]);
  let seen: string[] = [];
  let marks = 0;
  let reached = () => {};
  await monitor.monitor((entry) => {
    const text = String(entry);
    if (text.includes(`"mark-${marks}"`)) reached();
    else if (/\[\d+ (?!lua)[^\]]*\] /.test(text)) seen.push(text.replace(/^.*?\] /, ''));
  });
  return {
    /** Everything since the last time. */
    async take(): Promise<string[]> {
      marks += 1;
      const arrived = new Promise<void>((resolve) => {
        reached = resolve;
      });
      await Promise.all([marker.echo(`mark-${marks}`), arrived]);
      const taken = seen;
      seen = [];
      return taken.filter((text) => !/^"(TIME|INFO|HELLO|CLIENT|ECHO|PING)"/i.test(text));
    },
    async close() {
      monitor.destroy();
      await marker.close();
    },
  };
}
