import type {
  Awaitable,
  MethodName,
  Policy,
  PolicyResolver,
  SecondFactorStore,
  Subject,
} from '../contracts.js';
import { SallyportError, UnavailableError } from '../errors.js';
import { type Levels, type Organization, resolveSettings } from './resolve-settings.js';
import {
  type OrganizationSetting,
  organizationSetting,
  type Stamped,
  type UserSetting,
  userSetting,
} from './settings.js';

export interface OrganizationPolicyOptions {
  /** The door's store. */
  readonly store: Pick<SecondFactorStore, 'readSetting' | 'readSubject'>;
  /**
   * The host's organization by id: what it is, and whose client. Called for every gated request, so answer
   * from memory where you can. An unknown id (null) lets nobody in.
   */
  readonly organization: (id: string) => Awaitable<Organization | null>;
}

/** What a dry run puts in the place of what is stored. */
export interface Hypothesis {
  readonly organizationId: string;
  readonly setting: Stamped<OrganizationSetting> | null;
}

export interface OrganizationPolicy extends PolicyResolver {
  /** Told by the door which methods there are. */
  useMethods(methods: readonly MethodName[]): void;
  /** The policy as it is, or as it would be. */
  resolveWith(subject: Subject, hypothesis: Hypothesis | null): Awaitable<Policy>;
  /** What the policy is made of. */
  levels(subject: Subject, hypothesis: Hypothesis | null): Awaitable<Levels>;
}

export function isOrganizationPolicy(policy: unknown): policy is OrganizationPolicy {
  return typeof (policy as Partial<OrganizationPolicy> | null)?.useMethods === 'function';
}

interface Remembered {
  readonly partner: Stamped<OrganizationSetting> | null;
  readonly own: Stamped<OrganizationSetting> | null;
  readonly policy: Policy;
}

/**
 * The policy that administrators set: partner → client → user, from the settings in the store. Pass it to
 * `sallyport({ policy })` and to `door.admin()`. A change is seen by every process at its next request.
 */
export function organizationPolicy({
  store,
  organization: organizationOf,
}: OrganizationPolicyOptions): OrganizationPolicy {
  if (typeof organizationOf !== 'function') {
    throw new SallyportError(
      'ERR_OPTION',
      `organization must be a function (id) => ({ id, kind, partnerId }) or null, got ${typeof organizationOf}`,
    );
  }
  let registered: readonly MethodName[] = ['totp'];
  // Users without a setting of their own share their organization's policy, for as long as the very same
  // records are read: so a warm gate resolves nothing, and a change shows at once.
  const remembered = new Map<string, Remembered>();

  function conclude(levels: Levels): Policy {
    const { organization, partner, own, user } = levels;
    if (user) return resolveSettings(levels, registered);
    const known = remembered.get(organization.id);
    if (known && known.partner === partner && known.own === own) return known.policy;
    const policy = resolveSettings(levels, registered);
    if (remembered.size >= 10_000) remembered.clear();
    remembered.set(organization.id, { partner, own, policy });
    return policy;
  }

  function levels(subject: Subject, hypothesis: Hypothesis | null): Awaitable<Levels> {
    return then(organizationOf(subject.tenantId), (organization) => {
      if (!organization) {
        throw new UnavailableError('ERR_POLICY', `organization ${subject.tenantId} is unknown`);
      }
      const { partnerId } = organization;
      const setting = (id: string) =>
        hypothesis?.organizationId === id
          ? hypothesis.setting
          : then(store.readSetting(id), (stored) => organizationSetting(stored, id));
      return all(
        setting(organization.id),
        organization.kind === 'client' && partnerId !== null ? setting(partnerId) : null,
        store.readSubject(subject.id),
        (own, partner, record) => {
          const stamped: Stamped<UserSetting> | null = userSetting(record.setting, subject.id);
          const user = stamped && { id: subject.id, setting: stamped };
          return { organization, own, partner, user };
        },
      );
    });
  }

  const resolveWith = (subject: Subject, hypothesis: Hypothesis | null): Awaitable<Policy> =>
    then(levels(subject, hypothesis), (found) =>
      hypothesis ? resolveSettings(found, registered) : conclude(found),
    );

  return {
    useMethods(methods) {
      registered = [...methods];
      remembered.clear();
    },
    levels,
    resolveWith,
    resolve: (subject) => resolveWith(subject, null),
  };
}

/** `use(value)`, at once where the value is at hand. */
function then<T, R>(value: Awaitable<T>, use: (value: T) => Awaitable<R>): Awaitable<R> {
  return value instanceof Promise ? value.then(use) : use(value);
}

function all<A, B, C, R>(
  a: Awaitable<A>,
  b: Awaitable<B>,
  c: Awaitable<C>,
  use: (a: A, b: B, c: C) => R,
): Awaitable<R> {
  if (a instanceof Promise || b instanceof Promise || c instanceof Promise) {
    return Promise.all([a, b, c]).then((found) => use(...found));
  }
  return use(a, b, c);
}
