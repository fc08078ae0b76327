import { assurance } from './store/assurance.js';
import { attempts } from './store/attempts.js';
import { devices } from './store/devices.js';
import { enrolling } from './store/enrolling.js';
import { helping } from './store/helping.js';
import { reading } from './store/reading.js';
import { recoveryCodes } from './store/recovery-codes.js';
import { resealing } from './store/resealing.js';
import { settings } from './store/settings.js';
import { type StoreFactory, stage } from './store/stage.js';
import { trails } from './store/trails.js';
import { transactions } from './store/transactions.js';

/**
 * What every store must do, as mocha tests: call it from a test file with a way to make an empty store.
 * docs/writing-a-store.md says more.
 */
export function storeContract(name: string, make: StoreFactory): void {
  describe(`${name} as a store of second factors`, () => {
    const on = stage(make);
    reading(on);
    enrolling(on);
    helping(on);
    resealing(on);
    recoveryCodes(on);
    devices(on);
    settings(on);
    transactions(on);
    trails(on);
    attempts(on);
    assurance(on);
  });
}
