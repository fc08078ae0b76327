import type { Agent } from 'node:https';
import type { ZodType } from 'zod';
import type { DirectoryOrganization } from './directory.js';
import type { Keyring } from './keyring.js';
import type { Sentence } from './messages.js';
import type { PolicyPart, PolicyReason } from './policy.js';
import type { Change, Floor, Organization } from './settings.js';
import type { Awaitable, MethodName } from './subject.js';

/** What is set for one method above a person; `Stored` is what an organization keeps for it. */
export interface SettingLevels<Stored> {
  readonly organization: Organization;
  readonly own: { readonly stored: Stored | null; readonly set: SettingStamp } | null;
  /** Of a client: its partner. */
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

/** What the levels come to. */
export interface ResolvedPart<Part> {
  /** The method's part of the policy; null where it has none. */
  readonly part: Part | null;
  /** Why; `offered`: every level accepts the method. */
  reasons(offered: boolean): readonly PolicyReason[];
}

/**
 * What an organization sets for a method. It is stored under the method's name in the organization's setting, and
 * resolved into the part of a policy that has the same name. Needs no door: the command line reads it as well.
 */
export interface MethodSettings<Stored = unknown, Part extends PolicyPart = PolicyPart> {
  /** What is stored. Whatever else stands there fails closed (ERR_POLICY). */
  readonly stored: ZodType<Stored>;
  /** What a host's own policy may say under the method's name. */
  readonly policy: ZodType<Part>;
  /** Fields that a partner's demand on its clients may have for this method; each may be missing. */
  readonly floor?: Readonly<Record<string, FloorField>>;
  /** The method cannot be offered without: what is said beside a list that names it and has no keys for it. */
  readonly required?: Sentence;
  /** From what the levels say to what holds. Pure. */
  resolve(levels: SettingLevels<Stored>): ResolvedPart<Part>;
  /** Of a method whose proof is somebody else's word: whose (`authorityId`), by what is stored. */
  accountOf?(stored: Stored): string;
  /** What contradicts itself in what is stored, by field. */
  contradictions?(
    stored: Stored,
    organization: Pick<Organization, 'kind'>,
  ): readonly { readonly field: string; readonly message: Sentence }[];
  /** What differs, in words. Secrets are compared and never named. */
  changes(before: Stored | null, after: Stored | null): readonly Change[];
  /** The same of a partner's demand on its clients; needed where there is a `floor`. */
  floorChanges?(before: Floor, after: Floor): readonly Change[];
  /** Where something sealed is stored. */
  readonly sealed?: SealedSetting;
}

/** What policies need to know of a method. */
export interface PolicyMethod {
  readonly name: MethodName;
  readonly role?: 'factor' | 'backup';
  readonly phishingResistant?: boolean;
  readonly settings?: MethodSettings | undefined;
}

/** One field of a partner's demand, which its form has as one text. */
export interface FloorField {
  readonly schema: ZodType;
  /** Characters that its form takes. Default 200. */
  readonly maxLength?: number;
  /** What is said beside the field when it is wrong. */
  readonly wrong: Sentence;
}

/** What the command line does with something sealed in a setting. `stored` is unchecked, and may be anything. */
export interface SealedSetting {
  /** One of them and several: `API key`, `API keys`. */
  readonly words: readonly [one: string, many: string];
  /** The sealed bytes; null where there are none. */
  bytes(stored: unknown): Uint8Array | null;
  /** Throws a coded error for what was not sealed for this organization. */
  open(keyring: Keyring, organizationId: string, stored: unknown): void;
  /** The same, sealed under the first key. Throws as `open` does. */
  reseal(keyring: Keyring, organizationId: string, stored: unknown): unknown;
  /** Asks whoever it opens a way to whether it is right. Only for what opens. */
  examine?(
    keyring: Keyring,
    organizationId: string,
    stored: unknown,
    ways: {
      /** In the place of the agent that a method has by itself. */
      readonly httpsAgent: Agent | undefined;
      /** The machine's time (ms). */
      readonly now: number;
    },
  ): Promise<{ readonly level: 'OK' | 'WARN' | 'FAIL'; readonly text: string }>;
}

/** Where a method's setting is looked at and changed. */
export interface SettingPlace<Stored = unknown> {
  readonly organization: DirectoryOrganization;
  readonly stored: Stored | null;
  /** Of a client: its partner. */
  readonly partner: {
    readonly name: string;
    readonly stored: Stored | null;
    readonly floor: Floor | null;
  } | null;
}

/** Why nothing was saved. */
export interface SettingRefused {
  readonly kind: 'refused';
  readonly status: 409 | 422 | 503;
  readonly error: string;
  readonly message: Sentence;
  /** Beside each field what is wrong with it. */
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
  /** `typed`: what was sent and refused, to be shown again. It may hold a secret, what is returned must not. */
  locals(place: SettingPlace<Stored>, typed: Fields | null): object;
  /** For programs, under the method's name. Never a secret. */
  json(place: SettingPlace<Stored>): unknown;
  /** What was sent: what is to be stored (null: nothing any longer), or why not. */
  read(
    fields: Fields,
    place: SettingPlace<Stored>,
  ): Awaitable<{ readonly kind: 'read'; readonly stored: Stored | null } | SettingRefused>;
  /** Whether an administrator is shown first whom it concerns. What is removed is always asked about. */
  asksFirst(place: SettingPlace<Stored>, next: Stored): boolean;
  /** Whether clients are concerned of what changes at their partner. */
  concernsClients(stored: Stored): boolean;
  /** On the page that asks. `left`: of those who would be left without a mechanism. */
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
