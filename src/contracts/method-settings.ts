import type { Agent } from 'node:https';
import type { ZodType } from 'zod';
import type { DirectoryOrganization } from './directory.js';
import type { Keyring } from './keyring.js';
import type { Sentence } from './messages.js';
import type { PolicyPart, PolicyReason } from './policy.js';
import type { Change, Floor, Organization } from './settings.js';
import type { Awaitable, MethodName } from './subject.js';

/** What the levels above a person have set for one method; `Stored` is what an organization keeps for it. */
export interface SettingLevels<Stored> {
  readonly organization: Organization;
  readonly own: { readonly stored: Stored | null; readonly set: SettingStamp } | null;
  /** The partner of a client. */
  readonly partner: {
    readonly id: string;
    readonly set: SettingStamp;
    readonly stored: Stored | null;
    readonly floor: Floor | null;
  } | null;
}

/** Who set it and on which day (`2026-01-31`), for reasons. */
export interface SettingStamp {
  readonly by: string;
  readonly on: string;
}

/** The result of resolving the levels. */
export interface ResolvedPart<Part> {
  /** The method's part of the policy; null where it has none. */
  readonly part: Part | null;
  /** The reasons; `offered`: every level accepts the method. */
  reasons(offered: boolean): readonly PolicyReason[];
}

/**
 * What an organization sets for a method. It is stored under the method's name in the organization's setting, and
 * resolved into the part of a policy that has the same name. Needs no door: the command line reads it as well.
 */
export interface MethodSettings<Stored = unknown, Part extends PolicyPart = PolicyPart> {
  /** What is stored. Any other value fails closed (ERR_POLICY). */
  readonly stored: ZodType<Stored>;
  /** What a host's own policy may say under the method's name. */
  readonly policy: ZodType<Part>;
  /** Fields that a partner's demand on its clients may have for this method; each may be missing. */
  readonly floor?: Readonly<Record<string, FloorField>>;
  /** Set when the method cannot be offered without a setting: the error at a list that names it when none is set. */
  readonly required?: Sentence;
  /** Resolves the levels. Pure. */
  resolve(levels: SettingLevels<Stored>): ResolvedPart<Part>;
  /** The authority (`authorityId`) that the method's proof rests on, from what is stored. */
  accountOf?(stored: Stored): string;
  /** Contradictions in what is stored, by field. */
  contradictions?(
    stored: Stored,
    organization: Pick<Organization, 'kind'>,
  ): readonly { readonly field: string; readonly message: Sentence }[];
  /** The differences, in words. Secrets are compared but never shown. */
  changes(before: Stored | null, after: Stored | null): readonly Change[];
  /** The same for a partner's demand on its clients; needed with `floor`. */
  floorChanges?(before: Floor, after: Floor): readonly Change[];
  /** For settings that hold something sealed. */
  readonly sealed?: SealedSetting;
}

/** The parts of a method that policies use. */
export interface PolicyMethod {
  readonly name: MethodName;
  readonly role?: 'factor' | 'backup';
  readonly phishingResistant?: boolean;
  readonly settings?: MethodSettings | undefined;
}

/** One field of a partner's demand, a single text in the form. */
export interface FloorField {
  readonly schema: ZodType;
  /** Characters that its form takes. Default 200. */
  readonly maxLength?: number;
  /** The error at the field when it is wrong. */
  readonly wrong: Sentence;
}

/** How the command line handles something sealed in a setting. `stored` is unchecked, and may be anything. */
export interface SealedSetting {
  /** Its name in the singular and plural: `API key`, `API keys`. */
  readonly words: readonly [one: string, many: string];
  /** The sealed bytes; null where there are none. */
  bytes(stored: unknown): Uint8Array | null;
  /** Throws a coded error for what was not sealed for this organization. */
  open(keyring: Keyring, organizationId: string, stored: unknown): void;
  /** The same, sealed under the first key. Throws as `open` does. */
  reseal(keyring: Keyring, organizationId: string, stored: unknown): unknown;
  /** Asks the outside service whether it is right. Called only for what opens. */
  examine?(
    keyring: Keyring,
    organizationId: string,
    stored: unknown,
    ways: {
      /** Replaces the method's own agent. */
      readonly httpsAgent: Agent | undefined;
      /** The machine's time (ms). */
      readonly now: number;
    },
  ): Promise<{ readonly level: 'OK' | 'WARN' | 'FAIL'; readonly text: string }>;
}

/** The organization whose setting is shown or changed, with its partner's. */
export interface SettingPlace<Stored = unknown> {
  readonly organization: DirectoryOrganization;
  readonly stored: Stored | null;
  /** The partner of a client. */
  readonly partner: {
    readonly name: string;
    readonly stored: Stored | null;
    readonly floor: Floor | null;
  } | null;
}

/** The reason why nothing was saved. */
export interface SettingRefused {
  readonly kind: 'refused';
  readonly status: 409 | 422 | 503;
  readonly error: string;
  readonly message: Sentence;
  /** What is wrong with each field. */
  readonly errors: Readonly<Record<string, Sentence | undefined>>;
}

/** The section of a method on the administrators' page of an organization. */
export interface SettingSection<Stored = unknown, Fields = Readonly<Record<string, unknown>>> {
  /** The view, which gets `action`, `version`, `mayChange`, `message`, `wrong`, and what `locals` gives. */
  readonly view: string;
  /** The view of the fields of `floor`, which gets `values` and `wrong` by field. */
  readonly floorView?: string;
  /** The fields of its form, or of a JSON body. */
  readonly fields: Readonly<Record<string, ZodType>>;
  /** `typed`: what was sent and refused, to be shown again. It may hold a secret; the result must not. */
  locals(place: SettingPlace<Stored>, typed: Fields | null): object;
  /** For programs, under the method's name. Never a secret. */
  json(place: SettingPlace<Stored>): unknown;
  /** Reads what was sent: to what is to be stored (null removes it), or a refusal. */
  read(
    fields: Fields,
    place: SettingPlace<Stored>,
  ): Awaitable<{ readonly kind: 'read'; readonly stored: Stored | null } | SettingRefused>;
  /** Whether a confirmation shows first whom it concerns. Removing is always confirmed. */
  asksFirst(place: SettingPlace<Stored>, next: Stored): boolean;
  /** Whether a change at a partner concerns its clients. */
  concernsClients(stored: Stored): boolean;
  /** The sentences of the confirmation page. `left`: about users who would be left without a mechanism. */
  readonly asking: Readonly<
    Record<
      'remove' | 'replace',
      {
        readonly title: Sentence;
        readonly heading: Sentence;
        readonly text: Sentence;
        readonly left: Sentence;
      }
    >
  >;
}
