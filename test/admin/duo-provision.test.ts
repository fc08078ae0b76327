import assert from 'node:assert/strict';
import { memoryStore } from 'sallyport';
import { type DuoSimulator, duoKeys } from 'sallyport/testing';
import {
  activateDuo,
  duoHost,
  GLOBEX,
  GLOBEX_NEW,
  isInside,
  startSimulator,
} from '../support/duo.js';
import { NO_SETTING } from '../support/policy.js';

describe('door.duo.save()', () => {
  let duo: DuoSimulator;

  before(async () => {
    duo = await startSimulator();
  });
  beforeEach(() => duo.reset());
  after(() => duo.close());

  const keysOf = ({ clientId, clientSecret }: typeof GLOBEX) => ({
    clientId,
    clientSecret,
    apiHost: duo.apiHost,
  });

  it('checks and saves keys that users can log in with', async () => {
    const host = await duoHost(duo);
    await host.save('globex', null, { methods: ['totp'] });
    const saved = await host.door.duo.save('globex', keysOf(GLOBEX), { actor: 'the host' });
    assert.equal(saved.kind, 'saved');
    const setting = await host.store.readSetting('globex');
    assert.deepEqual(setting?.value.methods, ['totp', 'duo'], 'the rest stays, and Duo is offered');
    assert.equal(setting?.changedBy, 'the host');
    assert.ok(!JSON.stringify(setting).includes(GLOBEX.clientSecret));
    await host.save('initech', null, { methods: ['duo'] });
    await host.door.duo.save('globex', keysOf(GLOBEX_NEW), { actor: 'the host' });
    await host.store.writeSetting('globex', {
      value: {
        ...NO_SETTING,
        mode: 'required',
        methods: ['duo'],
        duo: (await host.store.readSetting('globex'))?.value.duo,
      },
      changedBy: 'the host',
      expectedVersion: null,
    });
    assert.ok(await isInside(await activateDuo(host, duo, 'user1@globex')));
  });

  it('saves nothing that Duo does not accept', async () => {
    const host = await duoHost(duo, { store: memoryStore() });
    const before = await host.store.readSetting('globex');
    const save = (change: object) =>
      host.door.duo.save('globex', { ...keysOf(GLOBEX), ...change }, { actor: 'the host' });
    assert.equal((await save({ apiHost: 'evil.example' })).kind, 'malformed');
    assert.equal((await save({ clientSecret: '' })).kind, 'malformed');
    assert.equal((await save({ clientId: duoKeys().clientId })).kind, 'rejected');
    duo.set({ endpoint: 'healthCheck', fault: '503' });
    assert.equal((await save({})).kind, 'unreachable');
    assert.deepEqual(await host.store.readSetting('globex'), before);
  });

  it('loses nothing that an administrator saves meanwhile', async () => {
    const store = memoryStore();
    let raced = false;
    const racing: typeof store = {
      ...store,
      async writeSetting(id, change) {
        if (!raced && change.changedBy === 'the host') {
          raced = true;
          const value = { ...NO_SETTING, mode: 'required', maxAgeSeconds: 600 };
          await store.writeSetting(id, { value, changedBy: 'an admin', expectedVersion: null });
        }
        return store.writeSetting(id, change);
      },
    };
    const host = await duoHost(duo, { store: racing });
    await host.door.duo.save('globex', keysOf(GLOBEX), { actor: 'the host' });
    const value = (await store.readSetting('globex'))?.value;
    assert.equal(value?.maxAgeSeconds, 600);
    assert.ok(value?.duo);
  });
});
