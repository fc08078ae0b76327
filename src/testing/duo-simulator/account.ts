import { SallyportError } from '../../errors.js';
import type { DuoApp } from './app.js';
import { type SeenIds, seenIds } from './assertions.js';
import { type CodeBook, codeBook } from './codes.js';
import { type FaultBoard, faultBoard } from './faults.js';
import { type RequestLog, requestLog } from './log.js';
import { type PromptBook, promptBook } from './prompts.js';
import { type DuoUserState, type UserBook, userBook } from './users.js';

export interface AccountOptions {
  readonly apps: readonly DuoApp[];
  readonly users: Readonly<Record<string, DuoUserState>>;
  readonly aliases?: Readonly<Record<string, string>> | undefined;
  readonly now: () => number;
  readonly apiHost: string;
}

/** Everything that the simulated Duo account knows. Nothing of it outlives the process. */
export interface Account {
  readonly apiHost: string;
  readonly apps: ReadonlyMap<string, DuoApp>;
  readonly users: UserBook;
  readonly faults: FaultBoard;
  readonly prompts: PromptBook;
  readonly codes: CodeBook;
  readonly seen: SeenIds;
  readonly log: RequestLog;
  readonly now: () => number;
  reset(): void;
}

export function openAccount(options: AccountOptions): Account {
  const { now, apiHost } = options;
  const apps = readApps(options.apps);
  const parts = {
    users: userBook(options.users, options.aliases),
    faults: faultBoard(),
    prompts: promptBook(),
    codes: codeBook(),
    seen: seenIds(),
    log: requestLog(),
  };
  return {
    apiHost,
    apps,
    ...parts,
    now,
    reset() {
      for (const part of Object.values(parts)) part.reset();
    },
  };
}

function readApps(list: readonly DuoApp[]): ReadonlyMap<string, DuoApp> {
  const apps = new Map<string, DuoApp>();
  for (const [index, app] of list.entries()) {
    if (apps.has(app.clientId)) throw refused(`apps[${index}].clientId is listed twice`);
    apps.set(app.clientId, app);
  }
  if (apps.size === 0) throw refused('apps must name at least one application');
  return apps;
}

function refused(message: string): SallyportError {
  return new SallyportError('ERR_OPTION', `duoSimulator: ${message}`);
}
