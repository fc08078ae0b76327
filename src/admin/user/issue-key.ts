import { message } from '../../messages/english.js';
import { activationKeyDigest, newActivationKey } from '../../methods/activation-key.js';
import { isolated } from '../../names.js';
import type { AdminContext } from '../context.js';
import type { UserVisit } from '../guard.js';

/** Makes an activation key, stores its digest, and shows the key. */
export async function handOutKey(
  { store, keyring, audit, present, navOf, options }: AdminContext,
  visit: UserVisit,
  wasReset: boolean,
): Promise<void> {
  const { req, res, admin, user, subject, here } = visit;
  const key = newActivationKey();
  const endsAt = await store.putActivationKey(subject.id, {
    digest: activationKeyDigest(keyring, subject, key),
    lifetimeMs: options.activationKeyMaxAgeMs,
  });
  audit.record('activation-key.issued', { subject, actorId: admin.id, from: req });
  await present.page(req, res, {
    view: 'admin/user-activation-key',
    title: message('admin.key.title', { label: isolated(user.label) }),
    subject: admin,
    locals: {
      nav: await navOf(visit, 'users'),
      notice: null,
      label: user.label,
      key,
      until: present.moment(new Date(endsAt)),
      wasReset,
      back: here.details,
    },
    json: { activationKey: key, expiresAt: new Date(endsAt), reset: wasReset },
  });
}
