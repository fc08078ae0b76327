import type { ZodType } from 'zod';
import type { Findable } from './holders.js';
import type { Digest, Keyring, Sealed } from './keyring.js';
import type { SubjectRecord } from './records.js';
import type { MethodName } from './subject.js';

/** One factor that was made elsewhere, as its method has read it. */
export interface ImportedFactor {
  /** What is sealed. */
  readonly secret: Uint8Array;
  /** Identifies the factor when it is imported again. Default: its secret. */
  readonly identity?: Uint8Array | undefined;
  /** The last accepted step, e.g. what a key has counted. Default: before the first. */
  readonly step?: number | undefined;
  /** At most 32 characters that are no secret. */
  readonly parameters: string;
  /** Its name. Default: the method's title. */
  readonly label?: string | undefined;
  /** When it was made (ms). Default: now. */
  readonly createdAt?: number | undefined;
}

/** How a method imports factors that were enrolled elsewhere. */
export interface MethodImport<Item = unknown> {
  readonly kind?: 'enrollments';
  /** The field of a subject that holds its items. Default: the method's name. */
  readonly field?: string;
  /** The shape of one item in that field; there is one for each factor. */
  readonly item: ZodType<Item>;
  /** Throws an Error that says what is wrong with it, without its secret. */
  read(item: Item): ImportedFactor;
  /** Whether an imported secret is weaker than those made here; `npx sallyport doctor` counts such secrets. */
  isWeak?(secret: Uint8Array): boolean;
  /** The encodings under which an item's secret gives this code at this time. */
  sample?(item: Item, code: string, now: number): readonly string[];
}

/** The id under which the `foreign` part of imported recovery codes is sealed, instead of an enrollment's. */
export const FOREIGN_CODES = 'foreign-codes';

/** How single-use codes made elsewhere are imported: only with a factor, and all at once. */
export interface CodesImport<Item = unknown> {
  readonly kind: 'codes';
  readonly field: string;
  readonly item: ZodType<Item>;
  /** Throws as `MethodImport.read`. */
  read(
    items: readonly Item[],
    keyring: Pick<Keyring, 'digests'>,
    subjectId: string,
  ): {
    readonly digests: readonly Digest[];
    /** What of the codes is no digest; empty for nothing, null when all codes have our own form. */
    readonly foreign: Uint8Array | null;
  };
}

/** The same for the store. */
export interface ImportedCodes {
  readonly digests: readonly Digest[];
  /** The same sealed; empty for nothing, null when all codes have our own form. */
  readonly foreign: Sealed | null;
}

/** The same for the store. */
export interface EnrollmentImport extends Findable {
  readonly id: string;
  /** The ids that it may have been added under before, one per key; `id` is one of them. */
  readonly ids: readonly string[];
  readonly method: MethodName;
  readonly label: string;
  readonly sealed: Sealed;
  readonly parameters: string;
  readonly createdAt: number | undefined;
  readonly step?: number | undefined;
  /** How many enrollments of the method a person may have. */
  readonly atMost: number;
}

/** The outcomes, in the order in which the factors were given. */
export interface ImportedFactors {
  readonly enrollments: readonly ImportOutcome['outcome'][];
  /** null where no codes were given. */
  readonly codes: ImportOutcome['outcome'] | null;
}

/**
 * The outcomes, and the record afterwards; null when the host was asked for this subject before, or must not be any
 * more.
 */
export interface ImportedOnce {
  readonly outcomes: ImportedFactors | null;
  readonly record: SubjectRecord;
}

/** The outcome for one factor. */
export interface ImportOutcome {
  readonly method: MethodName;
  readonly label: string;
  /**
   * `present`: it was imported before, or the person has made codes here. `too-many`: the person has the maximum of
   * this method. `no-factor`: codes need a factor that they stand in for.
   */
  readonly outcome: 'added' | 'present' | 'too-many' | 'no-factor';
}

export interface ImportResult {
  /**
   * `removed`: nothing was imported, since a factor of this person was removed or reset here before: a lost phone
   * must not come back.
   */
  readonly kind: 'imported' | 'removed';
  readonly factors: readonly ImportOutcome[];
}
