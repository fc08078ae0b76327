import assert from 'node:assert/strict';
import type { AuditEvent } from 'sallyport';
import { opened } from '../support/opened-admin.js';

const AT = new Date('2026-01-02T03:04:05.000Z');
const BY = {
  subjectId: 'user1@acme',
  tenantId: 'acme',
  actorId: 'user1@acme',
  from: null,
} as const;

describe('the history of a user', () => {
  async function withHistory(events: readonly Partial<AuditEvent>[]) {
    const made = await opened();
    for (const event of events) {
      const whole = { type: 'enrollment.confirmed', at: AT, method: 'totp', detail: null, ...BY };
      await made.store.appendHistory('user1@acme', { ...whole, ...event } as AuditEvent, {
        folds: [],
      });
    }
    const rows = async () =>
      [...(await made.shown()).matchAll(/<tr role="row">\s*<td[\s\S]*?<\/tr>/g)].map(([row]) =>
        row
          .replace(/<[^>]*>/g, ' ')
          .replace(/\s+/g, ' ')
          .trim(),
      );
    return { ...made, rows };
  }
  const authenticator = (label: string) => [{ id: 'abcdefghijkl', method: 'totp', label }];

  it('names an authenticator, and its method only where that says more', async () => {
    const { rows, told } = await withHistory([
      { enrollments: authenticator('Authenticator app') },
      { enrollments: authenticator('Old phone') },
    ]);
    const [old, app] = await rows();
    assert.match(old ?? '', /Activated Old phone Authenticator app The user$/);
    assert.match(app ?? '', /Activated Authenticator app The user$/);
    assert.doesNotMatch(app ?? '', /Authenticator app Authenticator app/);
    const [first] = (await told()).history.items;
    assert.deepEqual(
      { ...first, id: null },
      {
        ...{ id: null, what: 'enrolled', at: AT.toISOString(), actorId: 'user1@acme' },
        ...{ authenticators: authenticator('Old phone'), repeats: 0, lastAt: null },
      },
    );
  });

  it('says that a secret was possibly copied', async () => {
    const { rows, told } = await withHistory([
      { type: 'enrollment.copied', enrollments: authenticator('Old phone'), actorId: null },
    ]);
    assert.match((await rows())[0] ?? '', /Possibly copied Old phone Authenticator app/);
    assert.equal((await told()).history.items[0].what, 'copied');
  });

  it('says nothing of authenticators where there was none', async () => {
    const { rows, told } = await withHistory([{ type: 'recovery-codes.made', method: null }]);
    assert.match((await rows())[0] ?? '', /Recovery codes made – The user$/);
    assert.deepEqual((await told()).history.items[0].authenticators, []);
  });
});
