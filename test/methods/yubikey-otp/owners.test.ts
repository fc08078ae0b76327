import assert from 'node:assert/strict';
import { memoryStore } from 'sallyport';
import type { SecondFactorStore, Subject } from '../../../src/contracts.js';
import { keyOwners } from '../../../src/methods/yubikey-otp/owners.js';

const MINUTE = 60_000;
const METHOD = 'yubikey-otp';
const KEY = { account: '@yubicloud', publicId: 'ccccccbcgujh' };
const personOf = (id: string, tenantId = 'acme'): Subject => ({ id, tenantId, label: id });
const [ONE, TWO] = [personOf('one'), personOf('two')];

describe('the owner of a YubiKey', () => {
  let now: number;
  let store: SecondFactorStore;
  let own: ReturnType<typeof keyOwners>;
  beforeEach(() => {
    now = Date.UTC(2026, 0, 1);
    store = memoryStore({ now: () => now });
    own = keyOwners({ method: METHOD, store });
  });

  async function begun({ id }: Subject): Promise<string> {
    const enrollment = `enrollment of ${id}`;
    await store.beginEnrollment(
      id,
      {
        ...{ id: enrollment, method: METHOD, basis: 'first', session: `session of ${id}` },
        ...{ sealed: new Uint8Array(), parameters: '', label: 'YubiKey', lifetimeMs: 10 * MINUTE },
      },
      { restart: true },
    );
    return enrollment;
  }
  const confirmed = async (subject: Subject, id: string) =>
    store.confirmEnrollment(subject.id, {
      ...{ id, session: `session of ${subject.id}`, step: 1, replaces: null, epoch: 0 },
    });

  it('is who comes first, for as long as what they have begun can be confirmed', async () => {
    const [one, two] = [await begun(ONE), await begun(TWO)];
    assert.equal(await own(ONE, one, KEY), true);
    assert.equal(await own(TWO, two, KEY), false);
    assert.equal(await own(ONE, one, KEY), true, 'asked again');
    now += 10 * MINUTE;
    assert.equal(await own(TWO, await begun(TWO), KEY), true, 'it was never confirmed');
    assert.equal((await confirmed(ONE, one)).kind, 'expired');
    assert.equal(await own(ONE, await begun(ONE), KEY), false);
  });

  it('stays so while it is activated, and until it is removed', async () => {
    const one = await begun(ONE);
    assert.equal(await own(ONE, one, KEY), true);
    assert.equal((await confirmed(ONE, one)).kind, 'confirmed');
    now += 399 * 24 * 60 * MINUTE;
    const two = await begun(TWO);
    assert.equal(await own(TWO, two, KEY), false);
    await store.unenroll(ONE.id, one, 0);
    assert.equal(await own(TWO, two, KEY), true);
  });

  it('is kept for as long as the key is used', async () => {
    const one = await begun(ONE);
    await own(ONE, one, KEY);
    await confirmed(ONE, one);
    for (let year = 0; year < 3; year += 1) {
      now += 365 * 24 * 60 * MINUTE;
      assert.equal(await own(ONE, one, KEY), true);
    }
    assert.equal(await own(TWO, await begun(TWO), KEY), false);
  });

  it('is another one for another key, for other servers, and in another organization', async () => {
    assert.equal(await own(ONE, await begun(ONE), KEY), true);
    const two = await begun(TWO);
    assert.equal(await own(TWO, two, { ...KEY, publicId: 'ccccccbcgujj' }), true);
    assert.equal(await own(TWO, two, { ...KEY, account: '@others' }), true);
    assert.equal(await own(personOf('two', 'globex'), two, KEY), true);
    assert.equal(await own(TWO, two, KEY), false);
  });
});
