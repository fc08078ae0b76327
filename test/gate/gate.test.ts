import assert from 'node:assert/strict';
import type { NextFunction, Request, Response } from 'express';
import { type Awaitable, emptySubject } from '../../src/contracts.js';
import { SallyportError } from '../../src/errors.js';
import type { Decision } from '../../src/gate/decide.js';
import { denyOrRedirect, type GateConfig, gate } from '../../src/gate/gate.js';
import type { Situation } from '../../src/gate/situation.js';
import { requireProof } from '../../src/gate/step-up.js';

const PASS: Decision = { kind: 'pass', why: 'proven' };
const CHALLENGE: Decision = { kind: 'challenge', why: 'not-proven', methods: ['totp'] };

/** What becomes of one request, as far as the gate has a say in it. */
type Fate = 'let through' | { readonly failed: unknown } | { readonly answered: unknown[] };

describe('the gate', () => {
  const facts = { record: emptySubject, login: { epoch: 0 }, assurance: null };
  const situation = (decision: Decision) => ({ kind: 'known', facts, decision }) as Situation;

  function config(inspect: () => Awaitable<Situation>, more: Partial<GateConfig> = {}): GateConfig {
    return {
      inspector: {
        inspect,
        inspectAgain: () => assert.fail('is not asked for'),
        startPendingSession: (_req, found) => found,
        inspectFurther: () => assert.fail('is not asked for'),
        passBy: () => assert.fail('is not asked for'),
        noteBeforeSave: () => assert.fail('is not asked for'),
      },
      origin: 'http://localhost:3000',
      stripped: '',
      folder: '/',
      path: '/two-factor',
      homeUrl: '/',
      loginUrl: '/login',
      pagesMade: () => true,
      fail: () => assert.fail('fails'),
      recognize: async () => false,
      tryAgain: async () => false,
      expire: async () => {},
      signInOffers: async () => [],
      ...more,
    };
  }

  function send(
    inspect: () => Awaitable<Situation>,
    {
      method = 'GET',
      url = '/reports',
      accept = '',
      more = {} as Partial<GateConfig>,
      exempt = [] as string[],
    } = {},
    mount = (made: GateConfig) => gate(() => made, { exempt })[0],
  ): Promise<Fate> {
    return new Promise((resolve) => {
      const answered: unknown[] = [];
      const res = {
        set: () => res,
        vary: () => res,
        status: (status: number) => {
          answered.push(status);
          return res;
        },
        json: (body: unknown) => resolve({ answered: [...answered, body] }),
        redirect: (...to: unknown[]) => resolve({ answered: to }),
        cookie: () => res,
        clearCookie: () => res,
      };
      const req = {
        ...{
          method,
          originalUrl: url,
          headers: { accept },
          session: { save: (done: () => void) => done() },
        },
        accepts: () => (accept.includes('text/html') ? 'html' : 'json'),
      };
      const made = config(inspect, {
        fail: (_req, _res, failed) => resolve({ failed }),
        ...more,
      });
      mount(made)(
        req as unknown as Request,
        res as unknown as Response,
        (() => resolve('let through')) as NextFunction,
      );
    });
  }

  it('lets through what passes, at once or later', async () => {
    assert.equal(await send(() => situation(PASS)), 'let through');
    assert.equal(await send(async () => situation(PASS)), 'let through');
  });

  it('turns away what does not pass, at once or later', async () => {
    const body = {
      ...{ error: 'second_factor_required', next: 'challenge', why: 'not-proven' },
      ...{ methods: ['totp'], url: '/two-factor/challenge', graceEndsAt: null },
    };
    assert.deepEqual(await send(() => situation(CHALLENGE)), { answered: [401, body] });
    assert.deepEqual(await send(async () => situation(CHALLENGE)), { answered: [401, body] });
  });

  it('lets nobody through when it cannot tell, however that fails', async () => {
    const failed = new Error('down');
    const throwing = () => {
      throw failed;
    };
    const turning = { startPendingSession: () => Promise.reject(failed) };
    for (const mount of [
      (made: GateConfig) => gate(() => made)[0],
      (made: GateConfig) => requireProof(() => made, {}),
    ]) {
      assert.deepEqual(await send(throwing, {}, mount), { failed });
      assert.deepEqual(await send(() => Promise.reject(failed), {}, mount), { failed });
      const challenged = () => situation(CHALLENGE);
      const more: Partial<GateConfig> = {
        inspector: { ...config(challenged).inspector, ...turning },
      };
      assert.deepEqual(await send(challenged, { more }, mount), { failed });
    }
  });

  it('asks nothing of what is exempt, by method and path to its end', async () => {
    const nobody = () => assert.fail('is asked') as never;
    const exempt = ['GET /healthz', 'GET /', 'POST /hooks'];
    for (const url of ['/healthz', '/healthz?full', '/', '/?x']) {
      assert.equal(await send(nobody, { url, exempt }), 'let through', url);
    }
    assert.equal(await send(nobody, { method: 'HEAD', url: '/healthz?x', exempt }), 'let through');
    const failed = new Error('asked');
    const asked = () => {
      throw failed;
    };
    for (const [method, url] of [
      ['POST', '/healthz'],
      ['OPTIONS', '/healthz'],
      ['HEAD', '/hooks'],
      ['GET', '/healthz/'],
      ['GET', '?/healthz'],
      ['GET', '/HEALTHZ'],
      ['GET', '/x?/healthz'],
    ] as const) {
      assert.deepEqual(await send(asked, { method, url, exempt }), { failed }, url);
    }
  });

  it('looks for a remembered device where a page is asked for with a GET and a proof is wanted, only there', async () => {
    const asked: string[] = [];
    const more: Partial<GateConfig> = {
      async recognize(req) {
        asked.push(`${req.method} ${req.originalUrl}`);
        return true;
      },
    };
    const html = { accept: 'text/html', more };
    const answer = await send(() => situation(CHALLENGE), { ...html, url: '/reports?a=b' });
    assert.deepEqual(answer, { answered: [303, '/reports?a=b'] });
    // Of this site as a path, and another site in a Location header.
    const elsewhere = await send(() => situation(CHALLENGE), { ...html, url: '//evil.example/' });
    assert.deepEqual(elsewhere, { answered: [303, '/'] });
    assert.equal(asked.length, 2);
    const stepUp: Decision = { kind: 'challenge', why: 'step-up', methods: ['totp'] };
    const anonymous = { kind: 'anonymous', decision: CHALLENGE } as unknown as Situation;
    const challenge = { answered: [303, '/two-factor/challenge'] };
    assert.deepEqual(
      await send(() => situation(CHALLENGE), { ...html, method: 'POST' }),
      challenge,
    );
    assert.deepEqual(await send(() => situation(stepUp), html), challenge);
    assert.deepEqual(await send(() => anonymous, html), challenge);
    assert.equal(asked.length, 2);
  });

  it('ends a session that is denied, and none of nobody', async () => {
    let expired = 0;
    const more: Partial<GateConfig> = {
      async expire() {
        expired += 1;
      },
    };
    for (const why of ['pending-expired', 'session-ended', 'no-subject'] as const) {
      const denied: Decision = { kind: 'deny', why };
      assert.deepEqual(await send(() => situation(denied), { more }), {
        answered: [401, { error: 'authentication_required', why, url: '/login' }],
      });
      const page = await send(() => situation(denied), { more, accept: 'text/html' });
      const url = why === 'no-subject' ? '/login' : '/two-factor/expired';
      assert.deepEqual(page, { answered: [303, url] });
    }
    assert.equal(expired, 4, 'for each of the two requests of the first two');
  });

  it('is not asked to turn away who may pass', async () => {
    const res = { set: () => res, vary: () => res };
    const made = config(() => situation(PASS));
    await assert.rejects(
      denyOrRedirect(made, situation(PASS), {} as Request, res as unknown as Response),
      (error) =>
        error instanceof SallyportError &&
        error.code === 'ERR_INTERNAL' &&
        error.message === 'a request that may pass is not turned away',
    );
  });
});
