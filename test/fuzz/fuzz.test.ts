import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Answered, dispatch } from '../support/dispatch.js';
import { type Cast, cast, cookieLine, keepCookies, type Role } from './cast.js';
import { type Fuzzed, OWN_ENROLLMENT, RIGHT_CODE, request } from './requests.js';

const { FUZZ_REQUESTS = '300', FUZZ_SEED, FUZZ_PATH } = process.env;
const seed = FUZZ_SEED ? Number(FUZZ_SEED) : Date.now() ^ process.pid;

/** Each list starts from a cast in its places, since a request with the right token may change them. */
const PER_CAST = 60;

const MEGABYTE = 1 << 20;

describe('fuzzing: requests of any shape', () => {
  before(() => console.log(`      FUZZ_SEED=${seed}`));

  it('are never a failure of ours, change nothing without a token, and leave no memory behind', async function () {
    this.timeout(0);
    const total = Number(FUZZ_REQUESTS);
    const statuses = new Map<string, number>();
    const memory = memoryWatch();
    let changed = 0;
    let sent = 0;
    const property = fc.asyncProperty(
      fc.array(request, { minLength: 1, maxLength: 2 * PER_CAST, size: 'max' }),
      async (requests) => {
        const actors = await cast();
        const admitted = new Set<Role>(['inside', 'admin', 'partner-admin']);
        for (const one of requests) {
          const before = await actors.state();
          const answer = await send(actors, one);
          const after = await actors.state();
          sent += 1;
          const said = `${one.method} ${answer.status}`;
          statuses.set(said, (statuses.get(said) ?? 0) + 1);
          assert.ok(answer.status < 500, `${one.path}: ${answer.status} ${answer.text}`);
          assert.deepEqual(actors.host.errors, []);
          if (before !== after) {
            changed += 1;
            assert.equal(one.token, 'right', `${one.method} ${one.path} changed something`);
            assert.equal(one.method, 'POST', `${one.method} ${one.path} changed something`);
          }
          if (before !== after) admitted.add(one.who);
          if (!admitted.has(one.who)) assert.doesNotMatch(answer.text, /^inside/);
        }
        memory.sample(sent);
      },
    );
    await fc.assert(property, {
      seed,
      numRuns: Math.ceil(total / (0.7 * PER_CAST)),
      ...(FUZZ_PATH ? { path: FUZZ_PATH } : {}),
    });
    if (process.env.FUZZ_STATISTICS) {
      console.log(`      ${sent} requests, ${changed} changed something, ${memory.report()}`);
      for (const [what, times] of [...statuses].toSorted((a, b) => b[1] - a[1])) {
        console.log(`      ${String(times).padStart(7)}  ${what}`);
      }
    }
    // Otherwise nothing got as far as to change anything, and the rule above was not tried.
    if (sent >= 3000) assert.ok(changed > 20, `${changed} requests with a token changed something`);
    memory.check();
  });
});

async function send(actors: Cast, fuzzed: Fuzzed): Promise<Answered> {
  const player = actors.players[fuzzed.who];
  const own = (text: string) =>
    text.replaceAll(RIGHT_CODE, player.code).replaceAll(OWN_ENROLLMENT, player.enrollment);
  const token = {
    right: player.token,
    none: null,
    wrong: 'f'.repeat(64),
    'another’s': actors.players[fuzzed.who === 'inside' ? 'admin' : 'inside'].token,
  }[fuzzed.token];
  const { type, body } = bodyOf(fuzzed.body, own, token);
  const cookie = [cookieLine(player.cookies), ...fuzzed.cookies].filter(Boolean).join('; ');
  const answer = await dispatch(actors.host.app, {
    method: fuzzed.method,
    path: own(fuzzed.path),
    headers: {
      ...fuzzed.headers,
      ...(type ? { 'content-type': type } : {}),
      ...(cookie ? { cookie } : {}),
      ...(token !== null && fuzzed.body.kind === 'bytes' ? { 'x-csrf-token': token } : {}),
    },
    ...(body === null ? {} : { body }),
  });
  // Who gets a new session goes on with it, as a browser would; its token was for the old one.
  if (answer.headers['set-cookie']) keepCookies(player.cookies, answer);
  return answer;
}

function bodyOf(
  body: Fuzzed['body'],
  own: (text: string) => string,
  token: string | null,
): { type: string | null; body: string | Buffer | null } {
  switch (body.kind) {
    case 'none':
      return { type: null, body: null };
    case 'form': {
      const made = new URLSearchParams();
      for (const [name, value] of body.fields) made.append(name, own(value));
      if (token !== null) made.append('_csrf', token);
      return { type: 'application/x-www-form-urlencoded', body: made.toString() };
    }
    case 'json': {
      const { value } = body;
      const plain = typeof value === 'object' && value !== null && !Array.isArray(value);
      const whole = plain && token !== null ? { ...value, _csrf: token } : value;
      return { type: 'application/json', body: own(JSON.stringify(whole)) };
    }
    case 'bytes':
      return { type: body.type || null, body: Buffer.from(body.bytes) };
    default:
      return body satisfies never;
  }
}

/** The heap, of which casts that are gone must leave nothing: exactly where `--expose-gc` is given. */
function memoryWatch() {
  const collect = (globalThis as { gc?: () => void }).gc;
  const samples: { readonly sent: number; readonly used: number }[] = [];
  let next = 0;
  const grown = () =>
    (samples.at(-1)?.used ?? 0) - (samples[Math.ceil(samples.length / 4)]?.used ?? 0);
  return {
    sample(sent: number): void {
      if (sent < next) return;
      next = sent + 500;
      collect?.();
      samples.push({ sent, used: process.memoryUsage().heapUsed });
    },
    report: () => samples.map(({ used }) => `${(used / MEGABYTE).toFixed(0)} MB`).join(', '),
    check(): void {
      if (samples.length < 4) return;
      const bound = collect ? 10 : 250;
      assert.ok(grown() < bound * MEGABYTE, `grew by ${grown() / MEGABYTE} MB: ${this.report()}`);
    },
  };
}
