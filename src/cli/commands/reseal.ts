import { sealedBy } from '../../crypto/keyring.js';
import { SallyportError } from '../../errors.js';
import { sealingContext } from '../../methods/sealing-context.js';
import type { ScannedOrganization } from '../../store/scan.js';
import type { Command, Terminal } from '../command.js';
import { type Keys, requiredKeys } from '../keys.js';
import {
  inWords,
  type SealedCounts,
  type SealedOfSetting,
  type SealedOfSubject,
  sealedCounts,
  sealedOf,
  usable,
} from '../sealed-counts.js';
import { type Installation, STORE_OPTIONS, withStore } from '../with-store.js';

/** How many values that cannot be opened are named; the rest is counted. */
const NAMED = 20;

type Outcome = 'resealed' | 'current' | 'changed' | 'unopenable';

/**
 * Seals everything again that an older key has sealed, while the app runs. Each value is replaced in one step and
 * only if it has not changed, so this may be stopped at any moment, run again, and run twice at the same time.
 */
export const reseal: Command = {
  usage: '',
  summary: 'seal everything again under the first of SALLYPORT_KEYS, while the app runs',
  positionals: 0,
  options: STORE_OPTIONS,
  async run(given, terminal) {
    const keys = requiredKeys(terminal);
    await withStore(
      given,
      terminal,
      async (installation) => {
        await installation.store.ready();
        await resealAll(installation, keys, terminal);
      },
      { allowEviction: true },
    );
  },
};

async function resealAll(
  { store, scan }: Installation,
  keys: Keys,
  { out, err }: Terminal,
): Promise<void> {
  const left = sealedCounts(keys.ids);
  const counts: Record<Outcome, number> = { resealed: 0, current: 0, changed: 0, unopenable: 0 };
  const now = store.now();

  const count = (what: string, outcome: Outcome, error?: unknown): void => {
    counts[outcome] += 1;
    if (outcome !== 'unopenable') return;
    if (counts.unopenable <= NAMED) err(`${what}: ${(error as Error).message}`);
    if (counts.unopenable === NAMED + 1) err('… and more');
  };

  for await (const batch of scan.subjects()) {
    const work = batch.flatMap((subject) => {
      left.addDigests(subject, now);
      if (subject.fault) count(`subject ${subject.id}`, 'unopenable', new Error(subject.fault));
      return usable(subject, now).map((one) => async () => {
        const what = `subject ${subject.id}, ${one.method}`;
        const keep = (keyId: string) => left.add(keyId, 'secrets');
        await attempt(what, one.sealed, keep, () => resealEnrollment(subject.id, one));
      });
    });
    await Promise.all(work.map((run) => run()));
  }
  for await (const batch of scan.organizations()) {
    for (const organization of batch) {
      const what = `organization ${organization.id}`;
      if (organization.fault) count(what, 'unopenable', new Error(organization.fault));
      for (const one of sealedOf(organization)) {
        const keep = (keyId: string) => left.addSetting(keyId, one.method);
        await attempt(`${what}, ${one.method}`, one.bytes, keep, () =>
          resealSetting(keys, organization, one),
        );
      }
    }
  }

  async function attempt(
    what: string,
    sealed: Uint8Array,
    keep: (keyId: string) => void,
    reseal: () => () => Promise<boolean>,
  ): Promise<void> {
    if (keys.keyring.isCurrent(sealed)) return count(what, 'current');
    let replace: () => Promise<boolean>;
    try {
      replace = reseal();
    } catch (error) {
      if (!(error instanceof SallyportError)) throw error;
      keep(sealedBy(sealed));
      return count(what, 'unopenable', error);
    }
    // A failure from here on, above all of the store, ends the run; it can be repeated.
    count(what, (await replace()) ? 'resealed' : 'changed');
  }

  function resealEnrollment(
    subjectId: string,
    { id, method, sealed }: SealedOfSubject,
  ): () => Promise<boolean> {
    const context = sealingContext(method, subjectId, id);
    const next = keys.keyring.seal(keys.keyring.open(sealed, context), context);
    return () => store.reseal(subjectId, id, sealed, next);
  }

  out(
    `Sealed again: ${counts.resealed}. Current already: ${counts.current}. ` +
      `Changed meanwhile: ${counts.changed}. Could not be opened: ${counts.unopenable}.`,
  );
  reportRemaining(keys, left, out);
  if (counts.unopenable > 0) {
    throw new Error(
      `${counts.unopenable} could not be opened and stay as they were; see docs/operations.md`,
    );
  }
}

function resealSetting(
  { keyring }: Keys,
  { id, setting, replace }: ScannedOrganization,
  { method, stored, sealed }: SealedOfSetting,
): () => Promise<boolean> {
  const next = sealed.reseal(keyring, id, stored);
  return () => replace({ ...setting?.value, [method]: next });
}

function reportRemaining({ ids }: Keys, left: SealedCounts, out: Terminal['out']): void {
  for (const [keyId, count] of left.byKey) {
    if (keyId === ids[0]) continue;
    const words = inWords(count);
    const known = ids.includes(keyId) ? '' : ', which is not among SALLYPORT_KEYS,';
    out(
      words === 'nothing'
        ? `Key ${keyId} holds nothing any more: take it out of the app’s keys.`
        : `Key ${keyId}${known} still holds ${words}: keep it. Codes cannot be sealed again, they go as they are spent, renewed or expire.`,
    );
  }
}
