import { replyCode } from '../../store/redis/errors.js';
import type { Send } from '../../store/redis/send.js';
import type { Report } from '../findings.js';
import { reportClock } from './doctor-clock.js';

/** Looks at the server itself: version, role, eviction, persistence, clock. */
export async function examineRedis(send: Send, now: () => number, report: Report): Promise<void> {
  const info = parseInfo(String(await send(['INFO']).catch(forbidden)));
  if (info.size === 0) {
    report(
      'WARN',
      'redis',
      'the Redis user may not run INFO: version, eviction and persistence are unknown',
    );
  } else {
    version(info, report);
    eviction(info, report);
    await persistence(send, info, report);
  }
  await clock(send, now, report);
}

type Info = ReadonlyMap<string, string>;

function parseInfo(text: string): Info {
  const lines = text.split(/\r?\n/).filter((one) => /^\w+:/.test(one));
  return new Map(
    lines.map((one) => [one.slice(0, one.indexOf(':')), one.slice(one.indexOf(':') + 1)]),
  );
}

function version(info: Info, report: Report): void {
  const found = info.get('redis_version') ?? 'unknown';
  const [major = 0] = found.split('.').map(Number);
  if (major >= 6) report('OK', 'redis', `version ${found}, ${info.get('redis_mode') ?? ''}`);
  else report('FAIL', 'redis', `version ${found}: Sallyport needs 6 or later`);
  if (info.get('role') === 'slave') {
    report('FAIL', 'redis', 'this is a replica: name the master, the store reads and writes there');
  }
}

function eviction(info: Info, report: Report): void {
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  if (policy === 'noeviction') report('OK', 'eviction', 'maxmemory-policy is noeviction');
  else {
    const advice = 'it may drop enrollments, and with them locks: set it to noeviction';
    report('FAIL', 'eviction', `maxmemory-policy is ${policy}: ${advice}`);
  }
  const used = Number(info.get('used_memory'));
  const limit = Number(info.get('maxmemory'));
  if (limit > 0 && used > 0.8 * limit) {
    const percent = Math.round((100 * used) / limit);
    report('WARN', 'memory', `${percent} % of maxmemory is used; a full Redis refuses every code`);
  }
}

async function persistence(send: Send, info: Info, report: Report): Promise<void> {
  const about = 'persistence';
  if (info.get('aof_enabled') === '1') {
    if (info.get('aof_last_write_status') === 'ok') report('OK', about, 'append-only file');
    else report('FAIL', about, 'the append-only file cannot be written: is the disk full?');
    return;
  }
  const saves = await send(['CONFIG', 'GET', 'save']).catch(forbidden);
  if (!Array.isArray(saves)) {
    report('WARN', about, 'no append-only file; CONFIG is forbidden, so snapshots are unknown');
  } else if (String(saves[1] ?? '') === '') {
    report('FAIL', about, 'none: a restart loses every enrollment. Set appendonly yes');
  } else if (info.get('rdb_last_bgsave_status') !== 'ok') {
    report('FAIL', about, 'the last snapshot failed: is the disk full?');
  } else {
    report(
      'WARN',
      about,
      'snapshots only: a crash loses what came since the last. Set appendonly yes',
    );
  }
}

async function clock(send: Send, now: () => number, report: Report): Promise<void> {
  const sent = now();
  const [seconds, micros] = (await send(['TIME'])) as [Buffer, Buffer];
  const theirs = Number(seconds) * 1000 + Number(micros) / 1000;
  reportClock('Redis', theirs - (sent + now()) / 2, report);
}

/** Empty for a command that the Redis user may not run; any other failure ends the examination. */
function forbidden(error: unknown): string {
  const cause = (error as { cause?: unknown } | null)?.cause;
  const code = replyCode(cause);
  if (code === 'NOPERM' || code === 'ERR') return '';
  throw error;
}
