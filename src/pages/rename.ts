import type { Request, Response } from 'express';
import type { Enrollment } from '../contracts.js';
import type { KnownSituation } from '../gate/situation.js';
import { message } from '../messages/english.js';
import type { Handler } from '../methods/pages.js';
import { NAME_LENGTH, readName } from '../names.js';
import { readFields, TEXT } from '../web/fields.js';
import type { ProfileParts } from './profile-parts.js';

/** Renames one authenticator. */
export function renamePages(config: ProfileParts) {
  const { home, respond, store, own, admitted, changedMeanwhile } = config;

  async function show(
    req: Request,
    res: Response,
    { subject }: KnownSituation,
    one: Enrollment,
    wrong: { readonly typed: string } | null,
  ): Promise<void> {
    const action = `${home}/rename/${one.id}`;
    const error = wrong && respond.say(message('rename.wrong', { count: NAME_LENGTH }));
    await respond.page(req, res, {
      status: wrong ? 422 : 200,
      view: 'rename',
      title: message('rename.title'),
      subject,
      locals: {
        action,
        title: config.methods.get(one.method)?.title ?? one.method,
        name: wrong?.typed ?? one.label,
        nameLength: NAME_LENGTH,
        error,
        cancel: home,
      },
      json: {
        ...(wrong && { error: 'invalid_name', message: error, values: { count: NAME_LENGTH } }),
        next: 'rename',
        url: action,
        name: one.label,
      },
    });
  }

  const askRename: Handler = async (req, res, situation) => {
    const one = own(req, situation);
    if (!(await admitted(req, res, situation, false))) return;
    await show(req, res, situation, one, null);
  };

  const rename: Handler = async (req, res, situation) => {
    const { name: typed = '' } = readFields(req, { name: TEXT });
    const one = own(req, situation);
    if (!(await admitted(req, res, situation, false))) return;
    const name = readName(typed);
    if (name === null) return show(req, res, situation, one, { typed });
    if (!(await store.renameEnrollment(situation.subject.id, one.id, name))) {
      throw changedMeanwhile();
    }
    respond.onward(req, res, `${home}?done=renamed`, { next: 'done' });
  };

  return { askRename, rename };
}
