import type { Request } from 'express';
import { authorityOf, type Enrollment } from '../contracts.js';
import { RequestError } from '../errors.js';
import type { KnownSituation } from '../gate/situation.js';
import { message } from '../messages/english.js';
import type { Handler } from '../methods/pages.js';
import { isAccepted, isProvable, provable } from '../policy/provable.js';
import { readFields } from '../web/fields.js';
import type { ProfileParts } from './profile-parts.js';

/** My Profile → Remove. */
export function removalPages(parts: ProfileParts) {
  const { store, respond, home, admitted, own, changedMeanwhile } = parts;
  const { say } = respond;

  function removable(req: Request, situation: KnownSituation): Enrollment {
    const one = own(req, situation);
    if (!mayRemove(situation, one)) {
      throw new RequestError(409, 'required', message('profile.required-here'));
    }
    return one;
  }

  const askRemove: Handler = async (req, res, situation) => {
    const one = removable(req, situation);
    if (!(await admitted(req, res, situation, bindsRemoval(situation, one)))) return;
    const title = parts.methods.get(one.method)?.title ?? one.method;
    await respond.page(req, res, {
      view: 'confirm',
      title: message('profile.remove.title'),
      subject: situation.subject,
      locals: {
        heading: say(message('profile.remove.heading', { method: title })),
        text: say(message('profile.remove.text')),
        action: `${home}/remove/${one.id}`,
        confirm: say(message('profile.remove')),
        cancel: home,
        danger: true,
      },
      json: { next: 'confirm', enrollment: one.id },
    });
  };

  const remove: Handler = async (req, res, situation) => {
    readFields(req, {});
    const one = removable(req, situation);
    if (!(await admitted(req, res, situation, bindsRemoval(situation, one)))) return;
    const { subject, session, facts } = situation;
    // Two concurrent removals would each leave the method that the other one removes.
    const removed = await store.unenroll(subject.id, one.id, facts.record.epoch, session);
    if (!removed) throw changedMeanwhile();
    parts.audit.record('enrollment.removed', {
      subject,
      method: one.method,
      from: req,
      enrollments: [one],
    });
    await parts.keepSession(req, situation, removed.epoch);
    respond.onward(req, res, `${home}?done=removed`, { next: 'done' });
  };

  return { askRemove, remove };
}

/**
 * A method that counts only here can be removed with a proof that counts only here; others are missed elsewhere too.
 */
function bindsRemoval({ facts }: KnownSituation, one: Enrollment): boolean {
  return authorityOf(one) === null || !isProvable(one, facts.policy);
}

/** Whether the policy is still satisfied without it. */
export function mayRemove({ facts }: KnownSituation, one: Enrollment): boolean {
  const { policy, record } = facts;
  if (policy.mode !== 'required') return true;
  return provable(record, policy).some((other) => other.id !== one.id && isAccepted(other, policy));
}
