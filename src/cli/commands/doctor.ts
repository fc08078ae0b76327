import { duoClients } from '../../methods/duo/client.js';
import { DuoError } from '../../methods/duo/failure.js';
import { createViews } from '../../web/views.js';
import { type Finding, line, type Report } from '../findings.js';
import { keysFrom } from '../keys.js';
import { type Command, type Terminal, UsageError } from '../run.js';
import { STORE_OPTIONS, withStore } from '../with-store.js';
import { type DuoTenant, examineKeys } from './doctor-keys.js';

const DUO_TIMEOUT_MS = 5000;
/** So many tenants' Duo are asked at once. */
const DUO_PARALLEL = 5;

/** Examines an installation and changes nothing. FAIL lines make the exit code 1. */
export const doctor: Command = {
  usage: '',
  summary: 'examine the store, keys, views and Duo, and say what is wrong',
  positionals: 0,
  options: [...STORE_OPTIONS, 'views'],
  async run(given, terminal) {
    const findings: Finding[] = [];
    const report: Report = (level, about, text) => {
      findings.push({ level, about, text });
      terminal.out(line({ level, about, text }));
    };
    const keys = keysFrom(terminal);

    await examine('views', report, async () => {
      await createViews({ folder: given.views }).ready();
      report('OK', 'views', 'all of them compile');
    });
    const about = given.postgres === undefined ? 'redis' : 'postgres';
    await examine(about, report, () =>
      withStore(
        given,
        terminal,
        async ({ store, scan, servers }) => {
          for (const server of servers) {
            const own: Report = (level, what, text) =>
              report(level, what, server.name === null ? text : `${server.name}: ${text}`);
            await examine(about, own, () => server.examine(terminal.now, own));
          }
          await examine('store', report, async () => {
            await store.ready();
            report('OK', 'store', 'set up, and its reads can be tracked');
          });
          const tenants = await examineKeys(scan, keys, store.now(), report);
          await examineDuo(tenants, terminal, report);
        },
        { allowEviction: true },
      ),
    );

    const failed = findings.filter(({ level }) => level === 'FAIL').length;
    if (failed > 0) {
      throw new Error(`${failed} ${failed === 1 ? 'thing has' : 'things have'} to be put right`);
    }
  },
};

/** One examination that fails does not keep the next ones from being made. */
async function examine(about: string, report: Report, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    report('FAIL', about, error instanceof Error ? error.message : String(error));
  }
}

async function examineDuo(
  tenants: readonly DuoTenant[],
  { duoAgent }: Terminal,
  report: Report,
): Promise<void> {
  const clientOf = duoClients({
    // Only a prompt would come back to it, and none is opened here.
    redirectUrl: 'https://localhost/two-factor/duo/callback',
    timeoutMs: DUO_TIMEOUT_MS,
    httpsAgent: duoAgent,
  });
  const waiting = [...tenants];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { id, credentials } = next;
      try {
        await clientOf(credentials).healthCheck();
        report('OK', 'duo', `${id}: ${credentials.apiHost} answers and accepts the keys`);
      } catch (error) {
        // Out of reach may pass; refused keys will not.
        const level = error instanceof DuoError && error.outage ? 'WARN' : 'FAIL';
        report(level, 'duo', `${id}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: DUO_PARALLEL }, worker));
}
