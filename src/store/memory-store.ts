import { checkOptions, functionOption, optionsObject } from '../check-options.js';
import type { SecondFactorStore } from '../contracts.js';
import { changeListeners } from './change-listeners.js';
import { memoryDevices } from './memory-devices.js';
import { memoryEnrolling } from './memory-enrolling.js';
import { memoryEvents } from './memory-events.js';
import { memoryHelping } from './memory-helping.js';
import { memorySessions } from './memory-sessions.js';
import { memorySettings } from './memory-settings.js';
import { memorySubjects } from './memory-subjects.js';
import { memoryTransactions } from './memory-transactions.js';

export interface MemoryStoreOptions {
  /** Milliseconds since 1970; for tests. Default: the process's clock. */
  readonly now?: () => number;
}

const schema = optionsObject({
  now: functionOption<() => number>('a function that gives milliseconds since 1970').optional(),
});

/**
 * A store for development, tests and single-process demos: everything is gone when the process ends, and no
 * second process sees it. Operations are atomic because each runs to its end within one turn.
 */
export function memoryStore(options: MemoryStoreOptions = {}): SecondFactorStore {
  const { now = Date.now } = checkOptions(options, schema, { name: 'memoryStore' });
  const changes = changeListeners();
  const { announce } = changes;
  const subjects = memorySubjects({ announce });

  return {
    name: 'memory',
    stalenessMs: 0,
    now,
    async ready() {},
    async close() {
      changes.clear();
    },
    subscribe: changes.subscribe,
    readSubject: subjects.view,
    ...memorySessions({ now, announce }),
    ...memoryEnrolling({ subjects, now }),
    ...memoryHelping({ subjects, now }),
    ...memoryTransactions({ now }),
    ...memorySettings({ now, announce }),
    ...memoryDevices({ now }),
    ...memoryEvents(),
  } satisfies SecondFactorStore;
}
