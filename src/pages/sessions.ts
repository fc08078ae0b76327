import { RequestError } from '../errors.js';
import { message } from '../messages/english.js';
import type { Handler } from '../methods/pages.js';
import { readFields } from '../web/fields.js';
import type { ProfileParts } from './profile-parts.js';

/** My Profile → sign out other sessions, and forget a device. */
export function sessionPages(parts: ProfileParts) {
  const { store, respond, home, admitted, changedMeanwhile } = parts;
  const { say } = respond;

  const askSignOut: Handler = async (req, res, situation) => {
    if (!(await admitted(req, res, situation, false))) return;
    await respond.page(req, res, {
      view: 'confirm',
      title: message('profile.sessions.button'),
      subject: situation.subject,
      locals: {
        heading: say(message('profile.sign-out.heading')),
        text: say(message('profile.sign-out.text')),
        action: `${home}/sign-out-others`,
        confirm: say(message('profile.sign-out.button')),
        cancel: home,
        danger: false,
      },
      json: { next: 'confirm' },
    });
  };

  const signOutOthers: Handler = async (req, res, situation) => {
    readFields(req, {});
    if (!(await admitted(req, res, situation, false))) return;
    const { subject, session, facts } = situation;
    // A concurrent reset ends this session too: it must not continue under the epoch after it.
    const raised = await store.raiseEpoch(subject.id, facts.record.epoch, session);
    if (!raised) throw changedMeanwhile();
    parts.audit.record('sessions.ended', { subject, from: req });
    await parts.keepSession(req, situation, raised.epoch);
    respond.onward(req, res, `${home}?done=signed-out`, { next: 'done' });
  };

  /** Forgetting a device only demands more, so it needs no fresh proof. */
  const forgetDevice: Handler = async (req, res, { subject }) => {
    readFields(req, {});
    const id = String(req.params.device);
    if (!(await store.removeDevice(subject.id, id))) {
      throw new RequestError(404, 'not_found', message('profile.no-device'));
    }
    parts.audit.record('device.forgotten', { subject, from: req, detail: id });
    respond.onward(req, res, `${home}?done=forgotten`, { next: 'done' });
  };

  return { askSignOut, signOutOthers, forgetDevice };
}
