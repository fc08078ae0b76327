import assert from 'node:assert/strict';
import { memoryStore } from 'sallyport';
import type { Attempt, SecondFactorStore } from '../../../src/contracts.js';
import { keyring } from '../../../src/crypto/keyring.js';
import {
  type DuoTransaction,
  type DuoTransactions,
  duoTransactions,
  TRANSACTION_MS,
} from '../../../src/methods/duo/transaction.js';
import { type Clock, KEY, testClock } from '../../support/app.js';

const STATE = 'a1'.repeat(18);
const transaction: DuoTransaction = {
  state: STATE,
  session: 'the-session',
  subjectId: 'user1',
  tenantId: 'globex',
  redirectUrl: 'https://console.example/two-factor/duo/callback',
  nonce: null,
  stepUp: false,
  remember: false,
  username: 'user1@globex.example',
  source: 'northwind',
  keys: {
    clientId: 'DI'.padEnd(20, 'A'),
    apiHost: 'api-0.duosecurity.com',
    sealedSecret: 'c2VhbGVk',
    version: '1',
  },
  purpose: 'verify',
  enrollment: null,
};

const attempt = (change: Partial<Attempt['subject']> = {}, session = 'the-session') =>
  ({ session, subject: { id: 'user1', tenantId: 'globex', label: 'user1', ...change } }) as Attempt;

describe('a visit to the prompt', () => {
  let clock: Clock;
  let store: SecondFactorStore;
  let transactions: DuoTransactions;

  beforeEach(async () => {
    clock = testClock();
    store = memoryStore({ now: clock.now });
    transactions = duoTransactions({ store, keyring: keyring([KEY]) });
    await transactions.put(transaction);
  });

  it('is found by its state, once', async () => {
    assert.deepEqual(await transactions.take(STATE, attempt()), transaction);
    assert.equal(await transactions.take(STATE, attempt()), null);
  });

  it('is found until five minutes have passed', async () => {
    clock.advance(TRANSACTION_MS - 1);
    assert.ok(await transactions.take(STATE, attempt()));
    await transactions.put(transaction);
    clock.advance(TRANSACTION_MS);
    assert.equal(await transactions.take(STATE, attempt()), null);
  });

  for (const [who, other] of [
    ['of another subject', attempt({ id: 'user2' })],
    ['of another tenant, although with the same keys', attempt({ tenantId: 'initech' })],
    ['of another session', attempt({}, 'another-session')],
  ] as const) {
    it(`is nobody’s ${who}`, async () => {
      assert.equal(await transactions.take(STATE, other), null);
    });
  }

  it('is not used up by another session', async () => {
    await transactions.take(STATE, attempt({}, 'another-session'));
    assert.ok(await transactions.take(STATE, attempt()));
  });

  it('is bytes to the store, which cannot move it to another state', async () => {
    const seen: Uint8Array[] = [];
    const moving: typeof store = {
      ...store,
      putTransaction: async (id, value, lifetime) => {
        seen.push(value);
        await store.putTransaction(id, value, lifetime);
      },
      takeTransaction: async () => seen[0] ?? null,
    };
    const other = duoTransactions({ store: moving, keyring: keyring([KEY]) });
    await other.put(transaction);
    assert.doesNotMatch(Buffer.from(seen[0]!).toString('latin1'), /user1|globex|a1a1a1/);
    await assert.rejects(other.take('b2'.repeat(18), attempt()), { code: 'ERR_SEALED' });
  });
});
