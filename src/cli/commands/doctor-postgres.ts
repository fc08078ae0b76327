import type { Run } from '../../store/postgres/run.js';
import type { Report } from '../findings.js';
import { reportClock } from './doctor-clock.js';

const OLDEST = 12;

/** Looks at the server itself: version, role, durability, clock. */
export async function examinePostgres(run: Run, now: () => number, report: Report): Promise<void> {
  const [row = {}] = await run(
    `SELECT current_setting('server_version') AS version, pg_is_in_recovery()::text AS standby,
      current_setting('fsync') AS fsync, current_setting('full_page_writes') AS pages,
      current_setting('synchronous_commit') AS commits`,
  );
  const version = Number.parseInt(String(row.version), 10);
  if (version >= OLDEST) report('OK', 'postgres', `version ${row.version}`);
  else report('FAIL', 'postgres', `version ${row.version}: Sallyport needs ${OLDEST} or later`);
  if (row.standby === 'true') {
    report(
      'FAIL',
      'postgres',
      'this is a standby: name the primary, the store reads and writes there',
    );
  }
  if (row.fsync === 'off' || row.pages === 'off') {
    const advice = 'a crash of the machine may damage or lose enrollments: switch them on';
    report('FAIL', 'durability', `fsync or full_page_writes is off: ${advice}`);
  } else if (row.commits === 'off') {
    const advice = 'resets and spent codes of the last moments are lost in a crash: switch it on';
    report('WARN', 'durability', `synchronous_commit is off: ${advice}`);
  } else report('OK', 'durability', `synchronous_commit is ${row.commits}`);
  const sent = now();
  const [clock] = await run('SELECT (extract(epoch FROM clock_timestamp()) * 1000)::text AS now');
  reportClock('Postgres', Number(clock?.now) - (sent + now()) / 2, report);
}
