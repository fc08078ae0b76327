import assert from 'node:assert/strict';
import { z } from 'zod';
import type { PolicyFunction, Subject } from '../../src/contracts.js';
import { partOf } from '../../src/contracts.js';
import { UnavailableError } from '../../src/errors.js';
import { duoSettings } from '../../src/methods/duo/settings.js';
import { policyParser, policyResolver } from '../../src/policy/resolve.js';
import { parsePolicy, policyMethods } from '../support/policy.js';

const USER1: Subject = { id: 'user1', tenantId: 'acme', label: 'user1@acme.example' };
const METHODS = ['totp', 'security-key'];

const resolver = (policy: unknown, timeoutMs = 60_000) =>
  policyResolver({ policy: policy as PolicyFunction, timeoutMs, methods: policyMethods(METHODS) });

const isPolicyError = (pattern: RegExp) => (error: unknown) =>
  error instanceof UnavailableError && error.code === 'ERR_POLICY' && pattern.test(error.message);

describe('the host’s policy', () => {
  it('is asked about the subject, and fills in what it leaves out', async () => {
    const asked: unknown[] = [];
    const resolve = resolver((subject: Subject) => {
      asked.push(subject);
      return { mode: 'required' };
    });
    assert.deepEqual(await resolve(USER1), {
      mode: 'required',
      methods: ['totp', 'security-key'],
      enrollment: 'self',
      graceUntil: null,
      maxAgeSeconds: null,
      rememberDeviceSeconds: null,
      proofs: [],
      because: [],
    });
    assert.deepEqual(asked, [USER1]);
  });

  it('is answered at once when it answers at once', () => {
    assert.equal(resolver(() => ({ mode: 'off' }))(USER1) instanceof Promise, false);
  });

  it('takes part as a promise, and as any thenable', async () => {
    assert.equal((await resolver(async () => ({ mode: 'off' }))(USER1)).mode, 'off');
    const answered = { mode: 'optional' };
    const thenable = {
      // biome-ignore lint/suspicious/noThenProperty: promises of other libraries are just that
      then: (done: (value: unknown) => void) => Promise.resolve(answered).then(done),
    };
    assert.equal((await resolver(() => thenable)(USER1)).mode, 'optional');
  });

  describe('when it is broken', () => {
    it('denies when it throws', () => {
      const cause = new Error('database');
      assert.throws(
        () =>
          resolver(() => {
            throw cause;
          })(USER1),
        (error) => isPolicyError(/threw/)(error) && (error as Error).cause === cause,
      );
    });

    it('denies when it rejects', async () => {
      const cause = new Error('database');
      await assert.rejects(
        async () => resolver(() => Promise.reject(cause))(USER1),
        (error) => isPolicyError(/rejected/)(error) && (error as Error).cause === cause,
      );
    });

    it('denies when it does not answer in time, and aborts its signal', async () => {
      let signal: AbortSignal | undefined;
      const resolve = resolver((_subject: Subject, context: { signal: AbortSignal }) => {
        signal = context.signal;
        return new Promise(() => {});
      }, 20);
      await assert.rejects(async () => resolve(USER1), isPolicyError(/within 20 ms/));
      assert.equal(signal?.aborted, true);
    });

    it('denies when it answers in time with a thenable that never settles', async () => {
      // biome-ignore lint/suspicious/noThenProperty: promises of other libraries are just that
      const silent = { then: () => undefined };
      await assert.rejects(async () => resolver(() => silent, 20)(USER1), isPolicyError(/20 ms/));
    });

    for (const [what, answer] of [
      ['nothing', undefined],
      ['null', null],
      ['false', false],
      ['true', true],
      ['a text', 'off'],
      ['a number', 0],
      ['a list', []],
      ['a list of policies', [{ mode: 'off' }]],
      ['no mode', {}],
      ['an unknown mode', { mode: 'disabled' }],
      ['a mode in capitals', { mode: 'OFF' }],
      ['a mode in a list', { mode: ['off'] }],
      ['an unknown field', { mode: 'off', required: true }],
      ['an unknown method', { mode: 'required', methods: ['totp', 'sms'] }],
      ['a method’s name with a space', { mode: 'required', methods: ['totp '] }],
      ['methods that are no list', { mode: 'required', methods: 'totp' }],
      ['methods that are no texts', { mode: 'required', methods: [1] }],
      ['a requirement without a method', { mode: 'required', methods: [] }],
      ['an unknown enrollment', { mode: 'required', enrollment: 'none' }],
      ['a grace period in milliseconds', { mode: 'required', graceUntil: 1 }],
      ['a grace period that is no date', { mode: 'required', graceUntil: new Date(Number.NaN) }],
      ['a negative age', { mode: 'required', maxAgeSeconds: -1 }],
      ['an age of zero', { mode: 'required', maxAgeSeconds: 0 }],
      ['an endless age', { mode: 'required', maxAgeSeconds: Number.POSITIVE_INFINITY }],
      ['an age that is no number', { mode: 'required', maxAgeSeconds: Number.NaN }],
      ['half a Duo configuration', { mode: 'required', duo: { source: 'acme' } }],
      ['a reason that is a text', { mode: 'required', because: ['because'] }],
    ] as const) {
      it(`denies for ${what}`, async () => {
        await assert.rejects(async () => resolver(() => answer)(USER1), isPolicyError(/polic/));
        await assert.rejects(
          async () => resolver(async () => answer)(USER1),
          isPolicyError(/polic/),
        );
      });
    }

    it('does not offer Duo without its keys, whatever it names', () => {
      const known = [...METHODS, 'duo'];
      const duo = { source: 'acme', credentialVersion: 'v1' };
      const methods = ['duo', 'totp'];
      assert.deepEqual(parsePolicy({ mode: 'required', methods }, known).methods, ['totp']);
      const { methods: offered } = parsePolicy({ mode: 'required', methods, duo }, known);
      assert.deepEqual(offered, methods);
    });

    it('may accept no method where it requires none', () => {
      assert.deepEqual(parsePolicy({ mode: 'off', methods: [] }, METHODS).methods, []);
      assert.deepEqual(parsePolicy({ mode: 'optional', methods: [] }, METHODS).methods, []);
    });

    it('names the method that it accepts alone and gives no field of', () => {
      assert.throws(
        () => parsePolicy({ mode: 'required', methods: ['duo'] }, ['duo', 'totp']),
        isPolicyError(/accepts no method: without a field of that name there is no duo$/),
      );
      assert.throws(
        () => parsePolicy({ mode: 'required', methods: [] }, ['duo', 'totp']),
        isPolicyError(/accepts no method$/),
      );
    });

    it('names the methods that there are when it names another', () => {
      assert.throws(
        () => parsePolicy({ mode: 'required', methods: ['sms', 'fax'] }, METHODS),
        isPolicyError(/: sms, fax \(registered: totp, security-key/),
      );
    });

    it('recovers with the policy: no failure is kept', async () => {
      const answers = [
        () => {
          throw new Error('once');
        },
        () => ({ mode: 'off' }),
      ];
      const resolve = resolver(() => answers.shift()?.());
      assert.throws(() => resolve(USER1), isPolicyError(/threw/));
      assert.equal((await resolve(USER1)).mode, 'off');
    });
  });

  it('has a signal that is made when it is asked for, and is the same each time', async () => {
    const signals: AbortSignal[] = [];
    await resolver(async (_subject: Subject, context: { signal: AbortSignal }) => {
      signals.push(context.signal, context.signal);
      return { mode: 'off' };
    })(USER1);
    assert.equal(signals[0], signals[1]);
    assert.equal(signals[0]?.aborted, false);
  });

  it('answers what cannot be changed afterwards', async () => {
    const graceUntil = new Date(1000);
    const methods = ['totp'];
    const policy = await resolver(() => ({ mode: 'required', methods, graceUntil }))(USER1);
    methods.push('security-key');
    graceUntil.setTime(2000);
    assert.deepEqual(policy.methods, ['totp']);
    assert.equal(policy.graceUntil?.getTime(), 1000);
    assert.ok(Object.isFrozen(policy) && Object.isFrozen(policy.methods));
  });

  describe('that is a constant', () => {
    it('is validated once when it is frozen throughout', () => {
      const policy = Object.freeze({ mode: 'required', methods: Object.freeze(['totp']) });
      const resolve = resolver(() => policy);
      assert.equal(resolve(USER1), resolve(USER1));
    });

    it('is read anew each time when some of it can change', async () => {
      const policy = Object.freeze({ mode: 'required', methods: ['totp'] });
      const resolve = resolver(() => policy);
      await resolve(USER1);
      policy.methods.push('security-key');
      assert.deepEqual((await resolve(USER1)).methods, ['totp', 'security-key']);
      policy.methods.push('sms');
      assert.throws(() => resolve(USER1), isPolicyError(/sms/));
    });

    it('is read anew each time when it has a date, which no freezing holds', async () => {
      const graceUntil = Object.freeze(new Date(1000));
      const policy = Object.freeze({ mode: 'required', graceUntil });
      const resolve = resolver(() => policy);
      await resolve(USER1);
      graceUntil.setTime(2000);
      assert.equal((await resolve(USER1)).graceUntil?.getTime(), 2000);
    });

    it('is not taken for valid because another one was', () => {
      const good = Object.freeze({ mode: 'off' });
      const bad = Object.freeze({ mode: 'none' });
      const answers: unknown[] = [good, bad];
      const resolve = resolver(() => answers.shift());
      assert.ok(resolve(USER1));
      assert.throws(() => resolve(USER1), isPolicyError(/mode/));
    });
  });

  it('keeps what decisions go by, whatever a method’s own schema drops, and takes no pattern that is none', () => {
    const { required: _, ...settings } = duoSettings;
    const own = z.object({ colour: z.string(), source: z.string().optional() });
    const method = { name: 'stick', settings: { ...settings, policy: own } };
    const parse = policyParser([method]);
    const part = { colour: 'red', source: 'acme', account: '@x', accepts: '^red' };
    const policy = parse({ mode: 'required', stick: part });
    assert.deepEqual(partOf(policy, 'stick'), part);
    assert.throws(
      () => parse({ mode: 'required', stick: { colour: 'red', accepts: '(' } }),
      isPolicyError(/stick: .*must be a regular expression/),
    );
  });
});
