import { existsSync } from 'node:fs';
import { chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, installable, type KeptServer, keptServer } from './kept-server.js';
import { isAnswering, UNPRIVILEGED } from './postgres.js';

/** A PgBouncer in transaction mode before a server of the tests, with two connections to it for all its clients. */
export async function startPgBouncer(server: KeptServer): Promise<KeptServer> {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin'];
  const program = installable(
    () => folders.map((folder) => join(folder, 'pgbouncer')).find(existsSync),
    'pgbouncer',
  );
  if (!program) throw new Error('This test needs pgbouncer (Debian: apt-get install pgbouncer)');
  const port = await freePort();
  const url = `postgres://sallyport@127.0.0.1:${port}/postgres`;
  return keptServer({
    ...{ name: 'pgbouncer', port, url, options: UNPRIVILEGED },
    async command(dir) {
      if (UNPRIVILEGED.uid) await chown(dir, UNPRIVILEGED.uid, UNPRIVILEGED.gid);
      const file = join(dir, 'pgbouncer.ini');
      await writeFile(
        file,
        `[databases]
postgres = host=127.0.0.1 port=${server.port} dbname=postgres user=sallyport
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
max_client_conn = 200
server_login_retry = 1
`,
      );
      return [program, '-q', file];
    },
    answering: () => isAnswering(url),
  });
}
