import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createClient } from 'redis';
import {
  type Directory,
  type DirectoryOrganization,
  organizationPolicy,
  type SecondFactorStore,
  type Subject,
} from 'sallyport';
import { redisStore } from 'sallyport/redis';
import { host } from '../test/support/app.js';
import { Browser } from '../test/support/browser.js';
import { NO_SETTING, policyMethods } from '../test/support/policy.js';
import { startRedis } from '../test/support/redis.js';
import { type Line, line, median, table } from './report.js';

const SIZES = [1, 1_000, 100_000, 1_000_000] as const;
const MILLION = 1_000_000;
const ROUNDS = 40;
const WARM = 200_000;
const COLD = 2_000;

const partner: DirectoryOrganization = {
  id: 'north',
  name: 'North Networks',
  kind: 'partner',
  partnerId: null,
};
const clientOf = (size: number): DirectoryOrganization => ({
  id: `size-${size}`,
  name: `${size} users`,
  kind: 'client',
  partnerId: partner.id,
});

/** Clients of any size, whose users are made up as they are asked for. */
const directory: Directory = {
  organization: (id) =>
    id === partner.id
      ? partner
      : /^size-\d+$/.test(id)
        ? clientOf(Number(id.slice('size-'.length)))
        : null,
  clients: () => ({ items: SIZES.map(clientOf), next: null, total: SIZES.length }),
  users(organizationId, { cursor, limit }) {
    const total = Number(organizationId.slice('size-'.length));
    const start = Number(cursor ?? 0);
    const items = Array.from({ length: Math.min(limit, total - start) }, (_, at) =>
      userOf(organizationId, start + at),
    );
    const end = start + items.length;
    return { items, next: end < total ? String(end) : null, total };
  },
  user: (organizationId, id) => ({ id, label: `${id}@${organizationId}.example` }),
};

function userOf(organizationId: string, number: number) {
  const id = `${organizationId}-user${number}`;
  return { id, label: `user${number}@${organizationId}.example` };
}

/** What switching on a client costs, what resolving costs, and the list of a million users. */
export async function policy(redisUrl: string): Promise<Line[]> {
  const admin = createClient({ url: redisUrl });
  // The server goes when something fails, before this does.
  admin.on('error', () => {});
  await admin.connect();
  const commands = async () => {
    const info = await admin.info('stats');
    return Number(/total_commands_processed:(\d+)/.exec(info)?.[1]);
  };
  const open = async () => {
    const store = redisStore(createClient({ url: redisUrl }), {
      prefix: 'bench:',
      initialize: true,
    });
    await store.ready();
    return store;
  };
  const store = await open();
  const plan = organizationPolicy({ organization: directory.organization });
  const methods = policyMethods(['totp', 'duo', 'recovery-code']);
  const resolver = plan.forDoor({ store, methods });
  const { app, door } = await host({
    store,
    options: { policy: plan },
    routes: (routes, { admin: pages }) =>
      routes.use('/setup', pages({ directory, authorize: () => true })),
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const browser = new Browser(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await browser.login('root@north');
  const csrf = { 'x-csrf-token': await browser.csrf() };

  /** Medians of the time and of the Redis commands of what `run` does. */
  async function measured(run: (round: number) => PromiseLike<unknown>, rounds = ROUNDS) {
    const times: number[] = [];
    const counts: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const before = await commands();
      const start = performance.now();
      await run(round);
      times.push(performance.now() - start);
      // INFO is a command itself.
      counts.push((await commands()) - before - 1);
    }
    return { ms: median(times), commands: median(counts) };
  }
  const answered = async (path: string, body?: object) => {
    const answer = await browser.json(body ? 'post' : 'get', path, body).set(csrf);
    if (answer.status !== 200) {
      throw new Error(`${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    }
  };
  const text = ({ ms, commands: count }: { ms: number; commands: number }) =>
    `${ms.toFixed(2)} ms, ${count} Redis commands`;
  const { duo: _, ...own } = NO_SETTING;
  const proposal = (round: number) => ({
    version: round,
    setting: { ...own, mode: round % 2 === 0 ? 'required' : 'off', methods: ['totp'] },
  });

  const lines: Line[] = [];
  await warmUp();
  const saves: { ms: number; commands: number }[] = [];
  for (const size of SIZES) {
    const path = `/setup/organizations/size-${size}/authentication`;
    const save = await measured((round) => answered(path, proposal(round)));
    saves.push(save);
    const same = save.commands === saves[0]?.commands;
    lines.push(line(`enabling a client of ${size} users`, text(save), ['the same for each', same]));
  }
  for (const size of SIZES) {
    const path = `/setup/organizations/size-${size}/authentication/preview`;
    const run = await measured(() => answered(path, proposal(ROUNDS)), 10);
    lines.push(line(`its dry run, of ${size} users (examines 1000 at most)`, text(run)));
  }
  lines.push(...(await resolving(store)));
  for (const [what, query] of [
    ['first page', ''],
    ['page in the middle', `?cursor=${MILLION / 2}`],
  ] as const) {
    const path = `/setup/organizations/size-${MILLION}/users${query}`;
    const run = await measured(() => answered(path));
    lines.push(
      line(`users of a client of ${MILLION}, ${what}`, text(run), ['≤ 100 ms', run.ms <= 100]),
    );
  }
  server.close();
  server.closeAllConnections();
  await door.close();
  await admin.close();
  return lines;

  async function warmUp(): Promise<void> {
    for (let round = 0; round < ROUNDS; round += 1) {
      await answered('/setup/organizations/size-2/authentication', proposal(round));
    }
  }

  async function resolving(shared: SecondFactorStore): Promise<Line[]> {
    const signal = new AbortController().signal;
    const organizationId = `size-${MILLION}`;
    const subject = (number: number): Subject => ({
      ...userOf(organizationId, number),
      tenantId: organizationId,
    });
    await resolver.resolve(subject(0), { signal });
    const warmSubject = subject(0);
    const warm: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      const start = performance.now();
      let last: unknown;
      for (let at = 0; at < WARM / 20; at += 1) last = resolver.resolve(warmSubject, { signal });
      warm.push(((performance.now() - start) * 1e6) / (WARM / 20));
      await last;
    }
    const before = await commands();
    const cold: number[] = [];
    for (let number = MILLION - COLD; number < MILLION; number += 1) {
      const start = performance.now();
      await resolver.resolve(subject(number), { signal });
      cold.push((performance.now() - start) * 1000);
    }
    const each = ((await commands()) - before - 1) / COLD;
    // Another process, which knows nothing yet: two settings and the subject.
    const first: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const other = await open();
      const fresh = plan.forDoor({ store: other, methods });
      const start = performance.now();
      await fresh.resolve(warmSubject, { signal });
      first.push(performance.now() - start);
      await other.close();
    }
    if (shared.name !== 'redis') throw new Error('the bench is about Redis');
    return [
      line('resolving a policy, warm', `${median(warm).toFixed(0)} ns`, [
        '≤ 10 µs',
        median(warm) <= 10_000,
      ]),
      line(
        'resolving a policy, user not read yet',
        `${median(cold).toFixed(0)} µs, ${each.toFixed(1)} Redis commands`,
      ),
      line('resolving a policy, new process', `${median(first).toFixed(2)} ms`),
    ];
  }
}

/** `npx tsx bench/policy.ts` */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.env.NODE_ENV = 'production';
  const redis = await startRedis();
  try {
    console.log(table(await policy(redis.url)));
  } finally {
    await redis.stop();
  }
}
