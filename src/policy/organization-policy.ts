import { inspect } from 'node:util';
import { isThenable, settled, together } from '../awaitable.js';
import { boundedMap } from '../bounded-map.js';
import { checkOptions, functionOption, option, optionsObject } from '../check-options.js';
import type {
  Awaitable,
  Organization,
  OrganizationSetting,
  Policy,
  PolicyMethod,
  PolicyResolver,
  SecondFactorStore,
  Subject,
  UserSetting,
} from '../contracts.js';
import { UnavailableError } from '../errors.js';
import type { Levels } from './levels.js';
import { resolveSettings } from './resolve-settings.js';
import { type SettingReader, type Stamped, settingReader, userSetting } from './settings.js';

export interface OrganizationPolicyOptions {
  /**
   * The host's organization by id: its kind and its partner. Called for every gated request, so answer from memory
   * where you can. For an unknown id (null) nobody gets in.
   */
  readonly organization: (id: string) => Awaitable<Organization | null | undefined>;
  /**
   * The mode when neither the organization, its partner nor the user has one set: by default `off`. With `required`,
   * an organization that wants no two-factor has to be set to `off`.
   */
  readonly default?: Policy['mode'];
}

/** A setting that a dry run assumes instead of the stored one. */
export interface Hypothesis {
  readonly organizationId: string;
  readonly setting: Stamped<OrganizationSetting> | null;
}

/** The parts of a door that its policy uses. */
export interface PolicyDoor {
  readonly store: Pick<SecondFactorStore, 'readSetting' | 'readSubject'>;
  /** Its methods, in its order. */
  readonly methods: readonly PolicyMethod[];
}

/** The result of `organizationPolicy(…)`, from which each door makes its own policy. */
export interface OrganizationPolicyPlan {
  forDoor(door: PolicyDoor): OrganizationPolicy;
}

export interface OrganizationPolicy extends PolicyResolver {
  /** The host's organization. Rejects with ERR_POLICY for an unknown id. */
  organization(id: string): Awaitable<Organization>;
  /** Settings as this policy reads them. */
  readonly settings: SettingReader;
  /** The policy as it is, or as it would be under a hypothesis. */
  resolveWith(subject: Subject, hypothesis: Hypothesis | null): Awaitable<Policy>;
  /** The settings that the policy is resolved from. */
  levels(subject: Subject, hypothesis: Hypothesis | null): Awaitable<Levels>;
}

export function isOrganizationPolicyPlan(policy: unknown): policy is OrganizationPolicyPlan {
  return typeof (policy as Partial<OrganizationPolicyPlan> | null)?.forDoor === 'function';
}

const schema = optionsObject({
  organization: functionOption<OrganizationPolicyOptions['organization']>(
    'a function (id) => ({ id, kind, partnerId }) or null',
  ),
  default: option<Policy['mode']>("'off', 'optional' or 'required'", (value) =>
    ['off', 'optional', 'required'].includes(value as string),
  ).default('off'),
});

interface Remembered {
  readonly levels: Levels;
  readonly policy: Policy;
}

/**
 * The policy that administrators set: partner → client → user, from the settings in the door's store. Every process
 * sees a change at its next request. Throws ERR_OPTION.
 * @example sallyport({ policy: organizationPolicy({ organization: (id) => organizations.get(id) }), … })
 */
export function organizationPolicy(options: OrganizationPolicyOptions): OrganizationPolicyPlan {
  const { organization, default: byDefault } = checkOptions(options, schema, {
    name: 'organizationPolicy',
  });
  return { forDoor: (door) => policyOfDoor(organization, byDefault, door) };
}

function policyOfDoor(
  organizationOf: OrganizationPolicyOptions['organization'],
  byDefault: Policy['mode'],
  { store, methods: registered }: PolicyDoor,
): OrganizationPolicy {
  // Users without a setting of their own share their organization's policy as long as the same record objects are
  // read: so a warm gate resolves nothing, and a change shows at once.
  const ofOrganizations = boundedMap<string, Remembered>(10_000);
  const settings = settingReader(registered);
  const ofUsers = new WeakMap<Stamped<UserSetting>, Remembered>();

  function resolved(levels: Levels): Policy {
    const { organization, user } = levels;
    const known = user ? ofUsers.get(user.setting) : ofOrganizations.get(organization.id);
    if (known && sameLevels(known.levels, levels)) return known.policy;
    const made = { levels, policy: resolveSettings(levels, registered) };
    if (user) ofUsers.set(user.setting, made);
    else ofOrganizations.set(organization.id, made);
    return made.policy;
  }

  const organization = (id: string): Awaitable<Organization> =>
    then(organizationOf(id), (answer) => checkOrganization(answer, id));

  function levels(subject: Subject, hypothesis: Hypothesis | null): Awaitable<Levels> {
    return then(organization(subject.tenantId), (organization) => {
      const { partnerId } = organization;
      const setting = (id: string) =>
        hypothesis?.organizationId === id
          ? hypothesis.setting
          : then(store.readSetting(id), (stored) => settings.organization(stored, id));
      return all(
        settled(() => setting(organization.id)),
        settled(() =>
          organization.kind === 'client' && partnerId !== null ? setting(partnerId) : null,
        ),
        settled(() => store.readSubject(subject.id)),
        (own, partner, record) => {
          const stamped: Stamped<UserSetting> | null = userSetting(record.setting, subject.id);
          const user = stamped && { id: subject.id, setting: stamped };
          return { organization, own, partner, user, byDefault };
        },
      );
    });
  }

  const resolveWith = (subject: Subject, hypothesis: Hypothesis | null): Awaitable<Policy> =>
    then(levels(subject, hypothesis), (found) =>
      hypothesis ? resolveSettings(found, registered) : resolved(found),
    );

  return {
    organization,
    settings,
    levels,
    resolveWith,
    resolve: (subject) => resolveWith(subject, null),
  };
}

/** A wrong answer of the host's lookup could drop a level, and with it that level's demands. */
function checkOrganization(answer: unknown, wanted: string): Organization {
  if (answer === null || answer === undefined) {
    throw new UnavailableError('ERR_POLICY', `organization ${wanted} is unknown`);
  }
  const { id, kind, partnerId } = answer as Partial<Record<keyof Organization, unknown>>;
  const sensible =
    id === wanted &&
    (kind === 'partner' || kind === 'client') &&
    (partnerId === null || (typeof partnerId === 'string' && partnerId !== ''));
  if (!sensible) {
    throw new UnavailableError(
      'ERR_POLICY',
      `organization(${JSON.stringify(wanted)}) must answer { id, kind, partnerId } of that organization, got ${inspect({ id, kind, partnerId })}`,
    );
  }
  return answer as Organization;
}

function sameLevels(one: Levels, other: Levels): boolean {
  return (
    one.own === other.own &&
    one.partner === other.partner &&
    one.organization.kind === other.organization.kind &&
    one.organization.partnerId === other.organization.partnerId
  );
}

/** `use(value)`, at once where the value is at hand. */
function then<T, R>(value: Awaitable<T>, use: (value: T) => Awaitable<R>): Awaitable<R> {
  return isThenable(value) ? Promise.resolve(value).then(use) : use(value);
}

function all<A, B, C, R>(
  a: Awaitable<A>,
  b: Awaitable<B>,
  c: Awaitable<C>,
  use: (a: A, b: B, c: C) => R,
): Awaitable<R> {
  if (isThenable(a) || isThenable(b) || isThenable(c)) {
    return together(
      () => a,
      () => b,
      () => c,
    ).then((found) => use(...found));
  }
  return use(a, b, c);
}
