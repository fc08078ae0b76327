import assert from 'node:assert/strict';
import type { Floor, OrganizationSetting } from '../../src/contracts.js';
import type { WhenUnavailable } from '../../src/methods/duo/fallback.js';
import { NO_SETTING, resolveSettings } from '../support/policy.js';

const stamped = (value: Partial<OrganizationSetting>) => ({
  value: { ...NO_SETTING, ...value },
  changedBy: 'admin',
  changedAt: new Date(0),
  version: 1,
});
const duo = (whenUnavailable: WhenUnavailable, lendToClients = false) => ({
  keys: { clientId: 'DI', apiHost: 'api-0.duosecurity.com', sealedSecret: '', version: 'v1' },
  whenUnavailable,
  lendToClients,
});
const floor = (mode: Floor['mode'], whenUnavailable?: WhenUnavailable): Floor => ({
  ...{ mode, methods: null, enrollment: 'self', graceUntil: null },
  ...{ maxAgeSeconds: null, rememberDays: null },
  ...(whenUnavailable && { whenUnavailable }),
});

/** What holds for a client that has chosen, below a floor; undefined: its own choice. */
function held(chosen: WhenUnavailable, clientsMust: Floor | null, lent = false) {
  const { duo: resolved, because } = resolveSettings(
    {
      organization: { id: 'acme', kind: 'client', partnerId: 'north' },
      partner: stamped({ clientsMust, ...(lent && { duo: duo(chosen, true) }) }),
      own: stamped(lent ? {} : { duo: duo(chosen) }),
      user: null,
    },
    ['totp', 'duo', 'recovery-code'],
  );
  return { choice: resolved?.whenUnavailable, because };
}

describe('the choice for the time that Duo cannot be reached', () => {
  it('is no password alone below a floor that requires, unless the floor says so', () => {
    assert.equal(held('let-in', floor('required')).choice, 'fall-back-to-totp');
    assert.equal(held('let-in', floor('required', 'let-in')).choice, undefined);
    assert.equal(held('let-in', floor('optional')).choice, undefined);
    assert.equal(held('let-in', null).choice, undefined);
  });

  it('is never weaker than the floor names, and stays where it is safer', () => {
    assert.equal(held('let-in', floor('optional', 'deny')).choice, 'deny');
    assert.equal(held('fall-back-to-totp', floor('required', 'deny')).choice, 'deny');
    assert.equal(held('deny', floor('required', 'let-in')).choice, undefined);
  });

  it('holds for keys that are lent, and is said with its reason', () => {
    const { choice, because } = held('let-in', floor('required'), true);
    assert.equal(choice, 'fall-back-to-totp');
    assert.ok(
      because.some(({ level, rule }) => level === 'partner' && /fall-back/.test(String(rule))),
    );
  });
});
