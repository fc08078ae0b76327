import { type TestRunner, testRunner } from '../runner.js';
import { assurance } from './assurance.js';
import { attempts } from './attempts.js';
import { devices } from './devices.js';
import { enrolling } from './enrolling.js';
import { helping } from './helping.js';
import { holders } from './holders.js';
import { importing } from './importing.js';
import { judging } from './judging.js';
import { keepingRecords } from './keeping-records.js';
import { reading } from './reading.js';
import { recoveryCodes } from './recovery-codes.js';
import { resealing } from './resealing.js';
import { settings } from './settings.js';
import { type StoreFactory, stage } from './stage.js';
import { trails } from './trails.js';
import { transactions } from './transactions.js';

export interface StoreContractOptions {
  /** The test runner's; by default the globals of that name. */
  readonly describe?: TestRunner['describe'];
  readonly it?: TestRunner['it'];
}

/**
 * What every store must do, as tests for mocha, vitest or node:test: what `RecordStore` says, and each decision of
 * `secondFactorStore()` over it. `make` is called for each test. Nothing waits for real time, but for
 * word of changes from `other`, at most the store's `stalenessMs`.
 *
 * Throws ERR_OPTION where there is neither a global `describe` and `it` nor any given.
 *
 * @example
 * import { describe, it } from 'node:test';
 *
 * storeContract('sqlStore', async (now) => {
 *   const database = await emptyDatabase();
 *   const [store, other] = [sqlRecords(database, { now }), sqlRecords(database, { now })];
 *   return { store, other, dispose: () => Promise.all([store.close(), other.close()]) };
 * }, { describe, it });
 */
export function storeContract(
  name: string,
  make: StoreFactory,
  options: StoreContractOptions = {},
): void {
  const runner = testRunner('storeContract', options);
  runner.describe(`${name} as a store of second factors`, () => {
    const on = stage(runner, make);
    keepingRecords(on);
    reading(on);
    enrolling(on);
    helping(on);
    importing(on);
    resealing(on);
    recoveryCodes(on);
    devices(on);
    settings(on);
    transactions(on);
    trails(on);
    attempts(on);
    judging(on);
    assurance(on);
    holders(on);
  });
}
