import { RedisStore as ConnectRedis } from 'connect-redis';
import { MemoryStore, type Store } from 'express-session';
import type pg from 'pg';
import { memoryStore, type SecondFactorStore } from 'sallyport';
import { postgresStore } from 'sallyport/postgres';
import { redisStore } from 'sallyport/redis';
import { type Clock, type Host, type HostOptions, host, testClock } from './app.js';
import type { Browser } from './browser.js';
import { sessionsIn, sessionTable } from './host-data.js';
import { closePool, openPool, sharedPostgres, uniqueTables } from './postgres.js';
import { sharedRedis, uniquePrefix } from './redis.js';
import { redisClient } from './redis-client.js';
import { UNHURRIED } from './unhurried.js';

/** One installation: a clock, the data, and any number of processes that share them. */
export interface World {
  readonly clock: Clock;
  /** The store of the first host, for what administrators do. */
  readonly store: SecondFactorStore;
  /** The express-session store behind the guard, as somebody sees it who can read and write its data. */
  readonly sessions: Store;
  /** A process of this installation. Each has a second-factor store of its own where the data are shared. */
  host(options?: HostOptions | ((store: SecondFactorStore) => HostOptions)): Promise<Host>;
  /** Every process has been told of what was written until now. */
  heard(): Promise<void>;
  /** The data of another installation, which has only the clock in common with this one. */
  elsewhere(): Promise<Pick<World, 'store' | 'sessions'>>;
}

/** Without recovery codes, whose page comes between an activation and the way on. */
export const TOTP_ONLY = Object.freeze({ mode: 'required', methods: Object.freeze(['totp']) });

/** The room for what a store has read is set aside when it is opened: 20 ms of each test by default. */
const REMEMBERED = 500;

interface Data {
  readonly sessions: Store;
  openStore(): Promise<SecondFactorStore>;
}

interface Backend {
  open(clock: Clock): Promise<Data>;
  /** Resolves when these stores have been told of what was written until now. */
  heard(stores: readonly SecondFactorStore[]): Promise<void>;
  close(): Promise<void>;
}

async function memory(): Promise<Backend> {
  return {
    async open({ now }) {
      const store = memoryStore({ now });
      return { sessions: new MemoryStore(), openStore: async () => store };
    },
    async heard() {},
    async close() {},
  };
}

async function redis(): Promise<Backend> {
  const client = redisClient({ url: await sharedRedis() });
  await client.connect();
  return {
    async open({ now }) {
      const prefix = uniquePrefix();
      return {
        sessions: new ConnectRedis({ client, prefix: `${prefix}sess:` }),
        async openStore() {
          const options = { prefix, ...UNHURRIED, now, initialize: true, allowEviction: true };
          const store = redisStore(client, { ...options, maxEntries: REMEMBERED });
          await store.ready();
          return store;
        },
      };
    },
    // Its connection tells in order.
    async heard(stores) {
      await Promise.all(stores.map((store) => store.takeTransaction('nothing')));
    },
    close: () => client.close(),
  };
}

/** Each installation has tables of its own, in one database. */
async function postgres(): Promise<Backend> {
  const pool = openPool(await sharedPostgres(), { max: 20 });
  const connections = new Set<pg.PoolClient>();
  pool.on('connect', (connection) => void connections.add(connection));
  pool.on('remove', (connection) => void connections.delete(connection));
  return {
    async open({ now }) {
      const prefix = uniqueTables();
      await pool.query(sessionTable(`${prefix}session`));
      return {
        sessions: sessionsIn(pool, `${prefix}session`),
        async openStore() {
          const options = { prefix, ...UNHURRIED, now, initialize: true };
          const store = postgresStore(pool, { ...options, maxEntries: REMEMBERED });
          await store.ready();
          return store;
        },
      };
    },
    // A connection tells what it has been told before it answers; each store listens on one of these.
    async heard() {
      await Promise.all([...connections].map((connection) => connection.query('SELECT 1')));
    },
    close: () => closePool(pool),
  };
}

type Suite = (world: () => World) => void;
type NamedBackend = readonly [name: string, connect: () => Promise<Backend>];

const TWO: readonly NamedBackend[] = [
  ['memory', memory],
  ['Redis', redis],
];

const POSTGRES: NamedBackend = ['Postgres', postgres];

/** A suite of journeys, once on memory and once on Redis; with JOURNEYS_ON=Postgres on that alone. Each test has a world of its own. */
export function journeys(title: string, suite: Suite): void {
  journeysOver(process.env.JOURNEYS_ON === 'Postgres' ? [POSTGRES] : TWO, title, suite);
}

/** The same on Postgres as well: for the suites that are most about what is stored. */
export function journeysOnAllStores(title: string, suite: Suite): void {
  journeysOver([...TWO, POSTGRES], title, suite);
}

function journeysOver(backends: readonly NamedBackend[], title: string, suite: Suite): void {
  for (const [name, connect] of backends) {
    describe(`${title} (${name})`, () => {
      let backend: Backend;
      let current: World;
      let hosts: Host[];
      let stores: SecondFactorStore[];

      before(async () => {
        backend = await connect();
      });
      after(() => backend.close());

      beforeEach(async () => {
        const clock = testClock();
        const data = await backend.open(clock);
        const openStore = async ({ openStore }: Data) => {
          const store = await openStore();
          stores.push(store);
          return store;
        };
        hosts = [];
        stores = [];
        const store = await openStore(data);
        current = {
          clock,
          store,
          sessions: data.sessions,
          async host(options = {}) {
            const own = hosts.length === 0 ? store : await openStore(data);
            const made = await host({
              store: own,
              sessions: data.sessions,
              policy: () => TOTP_ONLY,
              ...(typeof options === 'function' ? options(own) : options),
            });
            hosts.push(made);
            return made;
          },
          heard: () => backend.heard(stores),
          async elsewhere() {
            const other = await backend.open(clock);
            return { store: await openStore(other), sessions: other.sessions };
          },
        };
      });

      afterEach(async () => {
        await Promise.all([
          // Also those that a host was made without, since it brought its own.
          ...stores.map((store) => store.close()),
          ...hosts.map(({ door }) => door.close()),
        ]);
      });

      suite(() => current);
    });
  }
}

/** The session id in a browser's cookie, as somebody reads it who can read the host's session store. */
export function sessionIdOf(browser: Browser): string {
  const cookie = decodeURIComponent(browser.cookies.get('connect.sid') ?? '');
  const found = /^s:([^.]+)\./.exec(cookie)?.[1];
  if (!found) throw new Error(`no session cookie: ${cookie}`);
  return found;
}
