import { messageOf } from '../../errors.js';
import { examineMetadata } from '../../methods/built-in.js';
import { createViews } from '../../web/views.js';
import { type Command, type Terminal, UsageError } from '../command.js';
import { type Finding, line, type Report } from '../findings.js';
import { type Keys, keysFrom } from '../keys.js';
import { STORE_OPTIONS, withStore } from '../with-store.js';
import { examineKeys, type OpenSetting } from './doctor-keys.js';

/** How many organizations' keys are tried at the same time. */
const PARALLEL = 5;

/** Examines an installation and changes nothing. FAIL lines make the exit code 1. */
export const doctor: Command = {
  usage: '',
  summary: 'examine the store, keys, views and settings, and say what is wrong',
  positionals: 0,
  options: [...STORE_OPTIONS, 'views', 'fido-metadata'],
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
    const { fidoMetadata } = given;
    if (fidoMetadata !== undefined) {
      await examine('metadata', report, async () => {
        const { level, text } = examineMetadata(fidoMetadata, terminal.now());
        report(level, 'metadata', text);
      });
    }
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
          const settings = await examineKeys(scan, keys, store.now(), report);
          if (keys) await examineSettings(settings, keys, terminal, report);
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

/** An examination that fails is reported, and the next ones still run. */
async function examine(about: string, report: Report, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    report('FAIL', about, messageOf(error));
  }
}

/** Asks the services of third parties whether the keys in settings are right. */
async function examineSettings(
  settings: readonly OpenSetting[],
  { keyring }: Keys,
  { httpsAgent, now }: Terminal,
  report: Report,
): Promise<void> {
  const waiting = [...settings];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { organizationId, method, stored, sealed } = next;
      const ways = { httpsAgent, now: now() };
      const found = await sealed.examine?.(keyring, organizationId, stored, ways);
      if (found) report(found.level, method, `${organizationId}: ${found.text}`);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}
