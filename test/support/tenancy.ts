import { organizationPolicy, type SecondFactorStore } from 'sallyport';
import type { Organization, OrganizationSetting, Subject } from '../../src/contracts.js';
import { keyring } from '../../src/crypto/keyring.js';
import { activationKeyDigest, newActivationKey } from '../../src/methods/activation-key.js';
import { totp } from '../../src/methods/totp/method.js';
import { type HostOptions, KEY } from './app.js';
import { boundEnrollable } from './methods.js';
import { NO_SETTING } from './policy.js';

/** Everybody's organization is a client of the partner `northwind`; `nowhere` is not known. */
function organization(id: string): Organization | null {
  if (id === 'nowhere') return null;
  return id === 'northwind'
    ? { id, kind: 'partner', partnerId: null }
    : { id, kind: 'client', partnerId: 'northwind' };
}

/** For `world().host(tenancy)`: a host whose policy is what administrators set. */
export function tenancy(): HostOptions {
  return { options: { policy: organizationPolicy({ organization }) } };
}

const ADMIN = 'admin@acme';

/** What an administrator saves for an organization; null takes it back. */
export function set(
  store: SecondFactorStore,
  id: string,
  setting: Partial<OrganizationSetting> | null,
) {
  const value = setting && { ...NO_SETTING, ...setting };
  return store.writeSetting(id, { value, changedBy: ADMIN, expectedVersion: null });
}

/** Switches one user on. */
export function switchOn(store: SecondFactorStore, id: string, graceUntil: string | null = null) {
  const value = { mode: 'required', graceUntil };
  return store.writeUserSetting(id, { value, changedBy: ADMIN, expectedVersion: null });
}

/** An activation key for this user, as an administrator hands it out. */
export async function issueKey(
  store: SecondFactorStore,
  id: string,
  lifetimeMs = 24 * 60 * 60 * 1000,
): Promise<string> {
  const key = newActivationKey();
  const digest = activationKeyDigest(keyring([KEY]), { id }, key);
  await store.putActivationKey(id, { digest, lifetimeMs });
  return key;
}

/** A TOTP key that an administrator prepares for this user, to be confirmed at the user's first login. */
export async function handOver(
  store: SecondFactorStore,
  id: string,
  lifetimeMs = 24 * 60 * 60 * 1000,
): Promise<string> {
  const subject: Subject = { id, tenantId: 'acme', label: id };
  const door = { store, methods: [{ name: 'totp' }] };
  const policy = await organizationPolicy({ organization })
    .forDoor(door)
    .resolveWith(subject, null);
  const method = boundEnrollable(totp(), { store, keyring: keyring([KEY]) });
  const begun = await method.enrollment.begin(
    { subject, policy, session: '', epoch: 0, issuer: 'Test Console', input: {} },
    { basis: 'handover', restart: true, lifetimeMs },
  );
  if (!begun) throw new Error('nothing was handed over');
  return String((await begun.handOver()).show()?.json.key);
}
