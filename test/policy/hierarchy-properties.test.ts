import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Floor, OrganizationSetting, Policy } from '../../src/contracts.js';
import type { Levels } from '../../src/policy/levels.js';
import { NO_SETTING, resolveSettings } from '../support/policy.js';
import {
  client,
  isPolicyError,
  KEY,
  keys,
  MARCH,
  must,
  partnersOwn,
  partsOf,
  stamp,
  switchedOn,
} from './levels.js';
import { naive, unaccounted } from './naive-model.js';

describe('any partner, client and user', () => {
  const METHODS = ['totp', 'duo', 'security-key', 'recovery-code'];
  const nullable = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
  const anyMode = fc.constantFrom('off', 'optional', 'required' as const);
  const anyMethods = nullable(
    fc
      .subarray(METHODS, { minLength: 1 })
      .chain((some) => fc.shuffledSubarray(some, { minLength: some.length })),
  );
  const anyEnrollment = fc.constantFrom('self', KEY as 'activation-key');
  const anyDate = nullable(
    fc.integer({ min: 1, max: 365 }).map((day) => new Date(Date.UTC(2026, 0, day)).toISOString()),
  );
  const anyAge = nullable(fc.integer({ min: 60, max: 86_400 }));
  const anyDays = nullable(fc.integer({ min: 0, max: 30 }));
  const anyDemand = fc.oneof(
    { weight: 4, arbitrary: fc.constant(null) },
    fc.constant(true as const),
  );
  const anyDuo = nullable(
    fc.tuple(fc.constantFrom('v1', 'v2'), fc.boolean()).map((some) => keys(...some)),
  );
  const anyFloor: fc.Arbitrary<Floor> = fc.record({
    mode: anyMode,
    methods: anyMethods,
    enrollment: anyEnrollment,
    graceUntil: anyDate,
    maxAgeSeconds: anyAge,
    rememberDays: anyDays,
    phishingResistant: anyDemand,
  });
  const anySetting: fc.Arbitrary<OrganizationSetting> = fc.record({
    mode: nullable(anyMode),
    methods: anyMethods,
    enrollment: nullable(anyEnrollment),
    graceUntil: anyDate,
    maxAgeSeconds: anyAge,
    rememberDays: anyDays,
    phishingResistant: anyDemand,
    clientsMust: nullable(anyFloor),
    duo: anyDuo,
  });
  const anyLevels: fc.Arbitrary<Levels> = fc.record({
    organization: fc.constantFrom(client().organization, partnersOwn().organization, {
      id: 'acme',
      kind: 'client',
      partnerId: null,
    } as const),
    partner: nullable(anySetting.map((value) => stamp(value, 'root@northwind.example'))),
    own: nullable(anySetting.map((value) => stamp(value))),
    user: nullable(anyDate.map((graceUntil) => switchedOn(graceUntil))),
  });
  const anyRegistered = fc.shuffledSubarray(METHODS, { minLength: 1 });

  function resolved(levels: Levels, registered: readonly string[]): Policy | 'nobody' {
    try {
      return resolveSettings(levels, registered);
    } catch (error) {
      if (isPolicyError(/no method is left/)(error)) return 'nobody';
      throw error;
    }
  }

  it('resolve as the words of the design have it', () => {
    fc.assert(
      fc.property(anyLevels, anyRegistered, (levels, registered) => {
        const policy = resolved(levels, registered);
        const parts = policy === 'nobody' ? policy : partsOf(policy);
        assert.deepEqual(parts, naive(levels, registered));
      }),
      { numRuns: 4000 },
    );
  });

  it('account for every part of the policy', () => {
    fc.assert(
      fc.property(anyLevels, anyRegistered, (levels, registered) => {
        const policy = resolved(levels, registered);
        if (policy !== 'nobody') {
          assert.deepEqual(unaccounted(levels, registered, policy), []);
        }
      }),
      { numRuns: 2000 },
    );
  });

  /** What is looser after than before, in words; empty when nothing is. */
  function loosened(before: Policy | 'nobody', after: Policy | 'nobody'): string[] {
    if (after === 'nobody') return [];
    if (before === 'nobody') return ['somebody is let in'];
    const rank = { off: 0, optional: 1, required: 2 };
    const found: string[] = [];
    if (rank[after.mode] < rank[before.mode]) found.push('mode');
    if (after.methods.some((method) => !before.methods.includes(method))) found.push('methods');
    if (before.enrollment === KEY && after.enrollment !== KEY) found.push('enrollment');
    if ((after.maxAgeSeconds ?? Infinity) > (before.maxAgeSeconds ?? Infinity))
      found.push('maxAge');
    const remembered = ({ rememberDeviceSeconds }: Policy) => rememberDeviceSeconds ?? 0;
    if (remembered(after) > remembered(before)) found.push('remembered devices');
    const grace = ({ graceUntil }: Policy) => graceUntil?.getTime() ?? 0;
    if (before.mode === 'required' && grace(after) > grace(before)) found.push('grace');
    return found;
  }

  type Demands = Pick<
    OrganizationSetting,
    'mode' | 'methods' | 'enrollment' | 'graceUntil' | 'maxAgeSeconds' | 'rememberDays'
  > & { readonly phishingResistant?: true | null | undefined };
  const STRICTER = { off: 'optional', optional: 'required', required: 'required' } as const;

  /** One demand made stricter; a level's Duo keys are no demand and stay as they are. */
  function tighter<T extends Demands>(demands: T, how: string, dice: number): T {
    const { mode, methods, graceUntil, maxAgeSeconds } = demands;
    switch (how) {
      case 'mode':
        return { ...demands, mode: STRICTER[mode ?? 'off'] };
      case 'methods': {
        const some = methods ?? METHODS;
        const kept = some.filter((_, at) => some.length === 1 || at !== dice % some.length);
        return { ...demands, methods: kept };
      }
      case 'enrollment':
        return { ...demands, enrollment: KEY };
      case 'maxAge':
        return { ...demands, maxAgeSeconds: Math.max(60, (maxAgeSeconds ?? 86_400) - dice) };
      case 'remember':
        return { ...demands, rememberDays: demands.rememberDays && dice % demands.rememberDays };
      case 'phishing':
        return { ...demands, phishingResistant: true };
      case 'no grace':
        return { ...demands, graceUntil: null };
      case 'less grace': {
        const earlier = graceUntil && new Date(Date.parse(graceUntil) - dice).toISOString();
        return { ...demands, graceUntil: earlier };
      }
      default:
        throw new Error(how);
    }
  }

  it('are never loosened by a demand that is added or made stricter, at any level', () => {
    const change = fc.record({
      level: fc.constantFrom('partner', 'own', 'user'),
      how: fc.constantFrom(
        'mode',
        'methods',
        'enrollment',
        'maxAge',
        'remember',
        'phishing',
        'no grace',
        'less grace',
      ),
      dice: fc.nat({ max: 100_000 }),
    });
    const tightenedAt = (levels: Levels, { level, how, dice }: Record<string, unknown>): Levels => {
      const at = [String(how), Number(dice)] as const;
      if (level === 'user') {
        const { user } = levels;
        const until = user?.setting.value.graceUntil ?? null;
        if (!user) return { ...levels, user: switchedOn(Number(dice) % 2 ? MARCH : null) };
        return { ...levels, user: switchedOn(at[0].endsWith('grace') ? null : until) };
      }
      if (level === 'own') {
        const value = levels.own?.value ?? NO_SETTING;
        return { ...levels, own: stamp(tighter(value, ...at)) };
      }
      const value = levels.partner?.value ?? NO_SETTING;
      const floor = value.clientsMust ?? must({ rememberDays: 30 }).value.clientsMust!;
      return { ...levels, partner: stamp({ ...value, clientsMust: tighter(floor, ...at) }) };
    };
    fc.assert(
      fc.property(
        anyLevels,
        anyRegistered,
        fc.array(change, { minLength: 1, maxLength: 4 }),
        (levels, registered, changes) => {
          const after = changes.reduce<Levels>(tightenedAt, levels);
          assert.deepEqual(loosened(resolved(levels, registered), resolved(after, registered)), []);
        },
      ),
      { numRuns: 4000 },
    );
  });

  it('are never loosened by a whole level that is added', () => {
    fc.assert(
      fc.property(anyLevels, anyFloor, anySetting, (levels, clientsMust, setting) => {
        // Keys for Duo and remembered devices are what a level allows; what it demands is what counts here.
        const bare = { ...setting, duo: null, rememberDays: null };
        const none: Levels = { ...levels, partner: null, own: null, user: null };
        const steps: Levels[] = [none, { ...none, partner: stamp({ ...NO_SETTING, clientsMust }) }];
        steps.push({ ...steps[1]!, own: stamp(bare) });
        steps.push({ ...steps[2]!, user: switchedOn() });
        for (let at = 1; at < steps.length; at += 1) {
          const [before, after] = [steps[at - 1]!, steps[at]!];
          assert.deepEqual(loosened(resolved(before, METHODS), resolved(after, METHODS)), []);
        }
      }),
      { numRuns: 1500 },
    );
  });

  it('do not care for what a partner has set for its own users alone', () => {
    fc.assert(
      fc.property(anyLevels, anySetting, anyRegistered, (levels, other, registered) => {
        if (levels.organization.kind === 'partner' || !levels.partner) return;
        const { clientsMust, duo } = levels.partner.value;
        const changed = { ...levels, partner: stamp({ ...other, clientsMust, duo }) };
        const before = resolved(levels, registered);
        const after = resolved(changed, registered);
        assert.deepEqual(
          after === 'nobody' ? after : partsOf(after),
          before === 'nobody' ? before : partsOf(before),
        );
      }),
      { numRuns: 1000 },
    );
  });
});
