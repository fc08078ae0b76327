import type { Floor, OrganizationSetting, Policy, UserSetting } from '../../src/contracts.js';
import { UnavailableError } from '../../src/errors.js';
import type { DuoSetting } from '../../src/methods/duo/settings.js';
import type { Levels } from '../../src/policy/levels.js';
import type { Stamped } from '../../src/policy/settings.js';
import { NO_SETTING } from '../support/policy.js';

export const EVERY_METHOD = ['totp', 'duo', 'security-key', 'recovery-code'];
export const JANUARY = '2026-01-31T12:00:00.000Z';
export const MARCH = '2026-03-31T12:00:00.000Z';
export const KEY = 'activation-key';

export function stamp<T>(value: T, changedBy = 'admin@acme.example'): Stamped<T> {
  return { value, changedBy, changedAt: new Date('2026-01-02T03:04:05Z'), version: 1 };
}

export const set = (part: Partial<OrganizationSetting> = {}): Stamped<OrganizationSetting> =>
  stamp({ ...NO_SETTING, ...part });

/** A partner's setting that says nothing of its own users and this of its clients'. */
export const must = (part: Partial<Floor>, rest: Partial<OrganizationSetting> = {}) =>
  stamp<OrganizationSetting>(
    {
      ...NO_SETTING,
      ...rest,
      clientsMust: {
        mode: 'off',
        methods: null,
        enrollment: 'self',
        graceUntil: null,
        maxAgeSeconds: null,
        rememberDays: null,
        ...part,
      },
    },
    'root@northwind.example',
  );

export const switchedOn = (graceUntil: string | null = null) => ({
  id: 'user1',
  setting: stamp<UserSetting>({ mode: 'required', graceUntil }, 'helpdesk@acme.example'),
});

export const keys = (version: string, lendToClients = false): DuoSetting => ({
  keys: {
    clientId: 'DI',
    apiHost: 'api-0.duosecurity.com',
    sealedSecret: 'c2VhbGVk',
    version,
  },
  whenUnavailable: 'deny',
  lendToClients,
});

export const client = (levels: Partial<Levels> = {}): Levels => ({
  organization: { id: 'acme', kind: 'client', partnerId: 'northwind' },
  partner: null,
  own: null,
  user: null,
  ...levels,
});

export const partnersOwn = (levels: Partial<Levels> = {}): Levels => ({
  ...client(levels),
  organization: { id: 'northwind', kind: 'partner', partnerId: null },
});

export type Parts = Omit<Policy, 'because'>;

/** What nobody has said anything about. */
export const DEFAULT: Parts = {
  mode: 'off',
  methods: ['totp', 'security-key', 'recovery-code'],
  duo: null,
  enrollment: 'self',
  graceUntil: null,
  maxAgeSeconds: null,
  rememberDeviceSeconds: null,
  proofs: [],
};

export function partsOf({ because, ...parts }: Policy): Parts {
  return parts;
}

export const isPolicyError = (pattern: RegExp) => (error: unknown) =>
  error instanceof UnavailableError && error.code === 'ERR_POLICY' && pattern.test(error.message);
