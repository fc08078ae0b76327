import assert from 'node:assert/strict';
import type { Request, Response } from 'express';
import type { KnownSituation } from '../../src/gate/situation.js';
import type { EnrollableMethod } from '../../src/methods/bound-method.js';
import { enrollingForms } from '../../src/pages/enrolling-forms.js';
import { besideProtocol } from '../../src/web/protocol.js';
import { ENGLISH_SENTENCES } from '../support/sentences.js';

/** What a method says that would like to be the door. */
const BOLD = {
  ...{ next: 'done', method: 'other', methods: ['other'], url: 'https://evil.example/' },
  ...{ error: 'none', message: 'All is well.', retryAt: null, csrfToken: 'mine', why: 'proven' },
  ...{ graceEndsAt: 'never', rememberDays: 9999, recoveryCodes: ['AAAA'], subject: 'admin' },
};

describe('what a method tells a program', () => {
  it('stands beside the protocol’s own fields, and never in their place', () => {
    const protocol = { next: 'challenge', method: 'totp', url: '/two-factor/challenge/totp' };
    assert.deepEqual(besideProtocol({ ...BOLD, digits: 6 }, protocol), { ...protocol, digits: 6 });
  });

  it('makes no refusal of an answer that is none, and no field of ours appear', () => {
    assert.deepEqual(besideProtocol(BOLD, {}), {});
    assert.deepEqual(
      besideProtocol(JSON.parse('{"__proto__":{"next":"done"},"x":1}'), {}).next,
      undefined,
    );
  });

  it('overwrites nothing on an activation form', async () => {
    const answers: { readonly json: object }[] = [];
    const { showForm } = enrollingForms({
      stylesheets: { scriptOf: () => null },
      respond: {
        sentences: ENGLISH_SENTENCES,
        async page(_req: Request, _res: Response, answer: { readonly json: object }) {
          answers.push(answer);
        },
      },
    });
    await showForm(
      { headers: {} } as Request,
      {} as Response,
      { subject: null, facts: { policy: { enrollment: 'self' } } } as unknown as KnownSituation,
      {
        method: { name: 'totp', answer: {}, words: {} } as EnrollableMethod,
        url: '/two-factor/activate/totp',
        ...{ others: [], later: null, replaces: null, name: null },
      },
      {
        ...{ id: 'one', basis: 'first', expiresAt: 0 },
        prompt: async () => ({ kind: 'form', title: 'Activate', json: BOLD }),
        handOver: () => assert.fail('is not handed over'),
      },
      null,
    );
    const json = answers[0]?.json as Record<string, unknown>;
    assert.deepEqual(
      [json.next, json.method, json.url, json.graceEndsAt, json.enrollment],
      ['enroll', 'totp', '/two-factor/activate/totp', null, 'one'],
    );
    for (const name of ['error', 'message', 'csrfToken', 'recoveryCodes', 'rememberDays']) {
      assert.equal(name in json, false, name);
    }
  });
});
