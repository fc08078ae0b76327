import type { Authenticator, MethodName, SealedSetting } from '../contracts.js';
import { SEALED_FOREIGN_CODES, sealedSettings } from '../methods/built-in.js';
import type { ScannedOrganization, ScannedSubject } from '../store/scan.js';

/** How many stored values depend on one key. */
export interface SealedCount {
  /** Secrets of authenticators, active and pending. */
  secrets: number;
  recoveryCodes: number;
  activationKeys: number;
  /** By method, how many sealed values its settings hold. */
  readonly settings: Partial<Record<MethodName, number>>;
}

type Counted = 'secrets' | 'recoveryCodes' | 'activationKeys';

/** `3 sealed secrets, 20 recovery codes`, or `nothing`. */
export function inWords(count: SealedCount): string {
  const { secrets, recoveryCodes, activationKeys, settings } = count;
  const parts: (readonly [count: number, one: string, many: string])[] = [
    [secrets, 'sealed secret', 'sealed secrets'],
    ...sealedSettings.map(({ name, sealed }) => [settings[name] ?? 0, ...sealed.words] as const),
    [recoveryCodes, 'recovery code', 'recovery codes'],
    [activationKeys, 'activation key', 'activation keys'],
  ];
  const some = parts.filter(([count]) => count > 0);
  return (
    some.map(([count, one, many]) => `${count} ${count === 1 ? one : many}`).join(', ') || 'nothing'
  );
}

export type SealedOfSubject = Pick<Authenticator, 'id' | 'method' | 'sealed'>;

export interface SealedCounts {
  /** By key id, with an entry for each key of the keyring. */
  readonly byKey: ReadonlyMap<string, SealedCount>;
  add(keyId: string, kind: Counted): void;
  /** What a method's settings hold. */
  addSetting(keyId: string, method: MethodName): void;
  /** Counts a subject's digests, which cannot be moved to another key. */
  addDigests(subject: ScannedSubject, now: number): void;
}

export function sealedCounts(ids: readonly string[]): SealedCounts {
  const byKey = new Map<string, SealedCount>();
  const of = (keyId: string): SealedCount => {
    const present = byKey.get(keyId) ?? {
      secrets: 0,
      recoveryCodes: 0,
      activationKeys: 0,
      settings: {},
    };
    byKey.set(keyId, present);
    return present;
  };
  for (const id of ids) of(id);

  return {
    byKey,
    add(keyId, kind) {
      of(keyId)[kind] += 1;
    },
    addSetting(keyId, method) {
      const { settings } = of(keyId);
      settings[method] = (settings[method] ?? 0) + 1;
    },
    addDigests({ held }, now) {
      if (!held) return;
      for (const [keyId, count] of held.recoveryCodes) of(keyId).recoveryCodes += count;
      const { activationKey } = held;
      if (activationKey && now < activationKey.endsAt) of(activationKey.keyId).activationKeys += 1;
    },
  };
}

/** A subject's sealed values that may still be used: active enrollments, a pending one in time, imported codes. */
export function usable({ held }: ScannedSubject, now: number): readonly SealedOfSubject[] {
  if (!held) return [];
  const { enrollments, pending, foreignCodes } = held;
  return [
    ...enrollments,
    ...(pending && now < pending.expiresAt ? [pending] : []),
    ...(foreignCodes ? [{ ...SEALED_FOREIGN_CODES, sealed: foreignCodes }] : []),
  ];
}

/** One sealed value of an organization's setting. */
export interface SealedOfSetting {
  readonly method: MethodName;
  readonly bytes: Uint8Array;
  readonly stored: unknown;
  readonly sealed: SealedSetting;
}

export function sealedOf({ setting }: ScannedOrganization): readonly SealedOfSetting[] {
  return sealedSettings.flatMap(({ name, sealed }) => {
    const stored = setting?.value[name];
    const bytes = sealed.bytes(stored);
    return bytes ? [{ method: name, bytes, stored, sealed }] : [];
  });
}
