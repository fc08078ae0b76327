import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { DEMO_PASSWORD, demoAccounts } from './accounts.js';
import { createApp } from './app.js';
import { type DemoDuo, demoDuo } from './duo.js';
import { inMemory, inPostgres, inRedis, reason, type Stores } from './stores.js';
import { demoYubikey } from './yubikey.js';

// PORT             where to listen; default 3000
// ORIGIN           what browsers call us, several with commas between; default http://localhost:PORT, and
//                  northwind.localhost and acme.localhost. Behind a proxy: https://…
// REDIS_URL        keeps sessions and enrollments in Redis, shared by any number of processes; a new one is set
//                  up by NODE_ENV=development, or by `npx sallyport init`
// DATABASE_URL     the same in Postgres: postgres://user@host/database; `npx sallyport init --postgres …`
// SALLYPORT_KEY    32 bytes, base64: seals what people enroll
// SESSION_SECRET   signs the session cookie
// DUO_INTEGRATION_KEY, DUO_SECRET_KEY, DUO_API_HOST   Globex's keys for the real Duo; without them a simulator
// YUBICO_CLIENT_ID, YUBICO_SECRET_KEY   Northwind's credentials for YubiCloud; without them a simulator
// Keep SALLYPORT_KEY and SESSION_SECRET: whoever changes the key locks out everybody who has enrolled.
const { PORT, ORIGIN, REDIS_URL, DATABASE_URL, NODE_ENV } = process.env;

async function main(): Promise<void> {
  const port = portFrom(PORT ?? '3000');
  const keys = [secretFrom('SALLYPORT_KEY')];
  const sessionSecret = secretFrom('SESSION_SECRET');
  const accounts = await demoAccounts({ users: usersFrom(process.argv.slice(2)) });
  const origins = originsFrom(ORIGIN, port);
  const [origin] = origins;
  const [kept, stores] = await storesFor();
  const duo = await duoFor(origin);
  const real = Boolean(process.env.YUBICO_CLIENT_ID);
  const yubikey = real || NODE_ENV !== 'production' ? await demoYubikey(process.env) : null;
  const { app, door } = await createApp({
    ...{ keys, sessionSecret, accounts, ...stores },
    origin: origins.length > 1 ? origins : origin,
    duo: duo ?? undefined,
    yubikey: yubikey ?? undefined,
  });

  const server = app.listen(port, (error) => {
    if (error) stop(error);
    console.log(`Northwind Console: ${origin} (kept in ${kept})`);
    if (origins.length > 1) console.log(`Also at ${origins.slice(1).join(', ')}`);
    if (duo) console.log(duo.says);
    if (yubikey?.touch) console.log(`Touch the demo YubiKey: ${yubikey.touch}`);
    console.log(`Demo accounts, all with the password ${DEMO_PASSWORD}:`);
    for (const { id, name } of accounts.organizations) {
      const all = accounts.of(id);
      const some = all.slice(0, 4).map(({ email }) => email);
      const more = all.length > some.length ? `, and ${all.length - some.length} more` : '';
      console.log(`  ${name}: ${some.join(', ')}${more}`);
    }
  });

  let closing = false;
  const shutDown = (): void => {
    if (closing) return;
    closing = true;
    // Requests under way are finished; whatever hangs does not keep the process.
    setTimeout(() => process.exit(1), 5000).unref();
    server.close(() => {
      Promise.all([door.close(), stores.close(), duo?.close(), yubikey?.close()]).then(
        () => process.exit(0),
        stop,
      );
    });
    server.closeIdleConnections();
  };
  process.on('SIGINT', shutDown).on('SIGTERM', shutDown);
}

/** Two organizations have addresses of their own: browsers take each name below localhost for this machine. */
function originsFrom(given: string | undefined, port: number): readonly [string, ...string[]] {
  const [first, ...others] = given?.split(',') ?? [`http://localhost:${port}`];
  if (given !== undefined || port === 0) return [first ?? '', ...others];
  const hosts = ['northwind.localhost', 'acme.localhost', '127.0.0.1'];
  return [first ?? '', ...hosts.map((host) => `http://${host}:${port}`)];
}

async function storesFor(): Promise<readonly [string, Stores]> {
  if (REDIS_URL && DATABASE_URL) throw new Error('set REDIS_URL or DATABASE_URL, not both');
  if (DATABASE_URL) return ['Postgres', await inPostgres(DATABASE_URL)];
  return REDIS_URL ? ['Redis', await inRedis(REDIS_URL)] : ['memory only', inMemory()];
}

/** Duo sends browsers back to https:, or to localhost: a console that is called anything else goes without. */
async function duoFor(origin: string): Promise<DemoDuo | null> {
  const real = Boolean(process.env.DUO_API_HOST);
  if (!real && NODE_ENV === 'production') return null;
  const { protocol, hostname } = new URL(origin);
  return protocol === 'https:' || hostname === 'localhost' ? demoDuo(process.env) : null;
}

function secretFrom(name: 'SALLYPORT_KEY' | 'SESSION_SECRET'): string {
  const given = process.env[name];
  if (given) return given;
  const advice = 'make one with: npx sallyport keygen';
  if (NODE_ENV === 'production') stop(new Error(`${name} is not set; ${advice}`));
  const kept = REDIS_URL || DATABASE_URL;
  const shared = kept ? ', and no other process on this store shares it' : '';
  console.warn(`${name} is not set: made one up, until this process ends${shared} (${advice})`);
  return randomBytes(32).toString('base64');
}

/** `npm start -- --users 10000`: so many users in an organization of their own. */
function usersFrom(args: string[]): number {
  const { users = '0' } = parseArgs({ args, options: { users: { type: 'string' } } }).values;
  const number = Number(users);
  if (/^\d+$/.test(users) && number <= 99_999) return number;
  return stop(new Error(`--users must be a number from 0 to 99999, got ${users}`));
}

function portFrom(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65535) return port;
  return stop(new Error(`PORT must be a number from 0 to 65535, got ${text}`));
}

/** One clear line, and the exit code that supervisors look for. */
function stop(error: Error): never {
  console.error(reason(error));
  process.exit(1);
}

main().catch(stop);
