import assert from 'node:assert/strict';
import {
  DuoError,
  type DuoFailure,
  duoFailure,
  INVALID_CLIENT_CAUSES,
} from '../../../src/methods/duo/failure.js';

const HOST = 'api-12345678.duosecurity.com';

/** As the SDK throws: an error of its own around axios's. */
const sdk = (inner: object) => Object.assign(new Error('of the SDK'), { inner });
const reply = (status: unknown, data?: unknown) => sdk({ response: { status, data } });

describe('a failure of Duo', () => {
  const cases: [string, unknown, DuoFailure, string, Partial<DuoError>?][] = [
    ['500', reply(500), 'server', `Duo (${HOST}) answered with status 500`],
    ['503', reply(503), 'server', `Duo (${HOST}) answered with status 503`],
    ['499', reply(499), 'rejected', `Duo (${HOST}) refused with status 499`],
    [
      'a signature that is wrong',
      reply(401, { code: 40103, message_detail: 'Invalid signature in request' }),
      'rejected',
      `Duo (${HOST}) refused with status 401, code 40103`,
      { duoCode: '40103', suspect: 'clientSecret' },
    ],
    [
      'a client that is unknown',
      reply(400, { error: 'invalid_client', error_description: 'Unknown client_id' }),
      'rejected',
      `Duo (${HOST}) refused with status 400, code invalid_client`,
      { duoCode: 'invalid_client', suspect: 'clientId' },
    ],
    [
      'a client that is unknown, in other words',
      reply(400, { code: 40002, message_detail: 'Failed to verify client id' }),
      'rejected',
      `Duo (${HOST}) refused with status 400, code 40002; it does so ${INVALID_CLIENT_CAUSES}`,
      { duoCode: '40002', suspect: 'clientId' },
    ],
    [
      'a code that is no code',
      reply(400, { code: '<script>', message_detail: 'other' }),
      'rejected',
      `Duo (${HOST}) refused with status 400`,
    ],
    [
      'a body that is a text',
      reply(400, 'no'),
      'rejected',
      `Duo (${HOST}) refused with status 400`,
    ],
    ['a body that is null', reply(400, null), 'rejected', `Duo (${HOST}) refused with status 400`],
    [
      'a deadline',
      sdk({ code: 'ERR_CANCELED' }),
      'timeout',
      `Duo (${HOST}) did not answer in time`,
    ],
    [
      'axios’s own deadline',
      sdk({ code: 'ECONNABORTED' }),
      'timeout',
      `Duo (${HOST}) did not answer in time`,
    ],
    [
      'a refused connection',
      sdk({ code: 'ECONNREFUSED' }),
      'network',
      `Duo (${HOST}) cannot be reached: ECONNREFUSED`,
    ],
    [
      'a host without an address',
      sdk({ code: 'ENOTFOUND' }),
      'network',
      `Duo (${HOST}) cannot be reached: ENOTFOUND`,
      { suspect: 'apiHost' },
    ],
    [
      'a certificate of somebody else',
      sdk({ code: 'SELF_SIGNED_CERT_IN_CHAIN' }),
      'tls',
      `the certificate of ${HOST} is not trusted: SELF_SIGNED_CERT_IN_CHAIN`,
      { suspect: 'apiHost' },
    ],
    ...(
      [
        ['a redirect', reply(302)],
        [
          'a redirect with a code of the network’s',
          sdk({ code: 'ETIMEDOUT', response: { status: 302 } }),
        ],
        ['a code in the middle of which it says certificate', sdk({ code: 'XCERT_' })],
        ['a code that is unknown', sdk({ code: 'E_OTHER' })],
        ['a code that is no text', sdk({ code: 5 })],
        ['a status that is a text', reply('500')],
        ['an error without any of it', new Error('JWT is wrong')],
        ['null', null],
        ['undefined', undefined],
      ] as [string, unknown][]
    ).map(([what, error]): [string, unknown, DuoFailure, string] => [
      what,
      error,
      'invalid',
      `Duo (${HOST}) gave an answer that is not to be trusted`,
    ]),
  ];

  for (const [what, error, kind, message, more = {}] of cases) {
    it(`is told by what came: ${what}`, () => {
      const failure = duoFailure(error, HOST);
      const { duoCode = null, suspect = null } = more;
      assert.deepEqual(
        [failure.kind, failure.message, failure.duoCode, failure.suspect],
        [kind, message, duoCode, suspect],
      );
      assert.equal(failure.code, 'ERR_DUO');
      assert.equal(failure.cause, undefined, 'the request inside holds the client assertion');
      assert.equal(failure.summary, duoCode === null ? kind : `${kind} ${duoCode}`);
      assert.equal(failure.outage, ['network', 'timeout', 'server'].includes(kind));
    });
  }

  it('stays what it is when it is one already', () => {
    const known = new DuoError('tls', 'known');
    assert.equal(duoFailure(known, HOST), known);
  });
});
