import type { ZodType } from 'zod';
import type { Findable } from './holders.js';
import type { Digest, Keyring, Sealed } from './keyring.js';
import type { SubjectRecord } from './records.js';
import type { MethodName } from './subject.js';

/** One factor that was made elsewhere, as its method has read it. */
export interface ImportedFactor {
  /** What is sealed. */
  readonly secret: Uint8Array;
  /** What makes it the same factor when it comes again. Default: its secret. */
  readonly identity?: Uint8Array | undefined;
  /** The last accepted step, e.g. what a key has counted. Default: before the first. */
  readonly step?: number | undefined;
  /** At most 32 characters that are no secret. */
  readonly parameters: string;
  /** The name that it goes by here; left out, the method's title. */
  readonly label?: string | undefined;
  /** When it was made (ms); left out, now. */
  readonly createdAt?: number | undefined;
}

/** How a method takes over what was enrolled elsewhere. */
export interface MethodImport<Item = unknown> {
  readonly kind?: 'enrollments';
  /** What it stands under. Default: the method's name. */
  readonly field?: string;
  /** What stands under the method's field of a subject: one of these for each factor. */
  readonly item: ZodType<Item>;
  /** Throws an Error that says what is wrong with it, without its secret. */
  read(item: Item): ImportedFactor;
  /** Whether what was taken over is weaker than what is made here: `npx sallyport doctor` counts such secrets. */
  isWeak?(secret: Uint8Array): boolean;
  /** The readings of an item with which it shows this code at this time: which encoding is right. */
  sample?(item: Item, code: string, now: number): readonly string[];
}

/** Under this id, in the place of an enrollment's, what is no digest of imported recovery codes is sealed. */
export const FOREIGN_CODES = 'foreign-codes';

/** How single-use codes of elsewhere are taken over: with a factor, and all at once. */
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
    /** What is no digest; empty where that is nothing, null where all are of our own form. */
    readonly foreign: Uint8Array | null;
  };
}

/** The same for the store. */
export interface ImportedCodes {
  readonly digests: readonly Digest[];
  /** Sealed; empty where nothing is, null where all are of our own form. */
  readonly foreign: Sealed | null;
}

/** The same for the store. */
export interface EnrollmentImport extends Findable {
  readonly id: string;
  /** Those under which it may have been added before, under an older key; `id` is one of them. */
  readonly ids: readonly string[];
  readonly method: MethodName;
  readonly label: string;
  readonly sealed: Sealed;
  readonly parameters: string;
  readonly createdAt: number | undefined;
  readonly step?: number | undefined;
  /** How many of the method a person may have. */
  readonly atMost: number;
}

/** What became of them, in the order in which they were given. */
export interface ImportedFactors {
  readonly enrollments: readonly ImportOutcome['outcome'][];
  /** null where no codes were given. */
  readonly codes: ImportOutcome['outcome'] | null;
}

/** What became of them, and the record then; null where the subject was asked for before, or must not be any more. */
export interface ImportedOnce {
  readonly outcomes: ImportedFactors | null;
  readonly record: SubjectRecord;
}

/** What became of one factor that was to be taken over. */
export interface ImportOutcome {
  readonly method: MethodName;
  readonly label: string;
  /**
   * `present`: it was taken over before, or the person has made codes here. `too-many`: the person has as many of the
   * method as they may. `no-factor`: codes stand in for a factor, and there is none.
   */
  readonly outcome: 'added' | 'present' | 'too-many' | 'no-factor';
}

export interface ImportResult {
  /**
   * `removed`: nothing was taken over, since something of this person was removed or reset here before; a lost phone
   * must not come back.
   */
  readonly kind: 'imported' | 'removed';
  readonly factors: readonly ImportOutcome[];
}
