import { message } from '../../messages/english.js';
import { isolated } from '../../names.js';
import { readBody } from '../bodies.js';
import type { AdminContext } from '../context.js';
import type { UserVisit } from '../guard.js';
import { activatable, nothingToHandOver } from './activatable.js';
import { handOutKey } from './issue-key.js';

/** User Details → Activate: by which mechanism, or by an activation key. */
export function activationPages(context: AdminContext) {
  const { navOf, present, options, words, titleOf } = context;
  const { ready, mechanisms } = activatable(context);

  async function choose(visit: UserVisit): Promise<void> {
    const { req, res, admin, user, here } = visit;
    const effective = await ready(visit);
    const offered = mechanisms(effective);
    const { at, has } = present.sentences;
    const said = (key: string) => (has(key) ? at(key) : null);
    const keyDemanded = effective.policy?.enrollment === 'activation-key';
    await present.page(req, res, {
      view: 'admin/user-activate',
      title: message('admin.activate.title', { label: isolated(user.label) }),
      subject: admin,
      locals: {
        nav: await navOf(visit, 'users'),
        notice: null,
        label: user.label,
        action: here.activate,
        issueKeyAction: here.issueKey,
        back: here.details,
        mechanisms: offered.map(({ method: { name: method }, ways }) => ({
          ...{ method, ways },
          heading: said(`${method}.handedOver.heading`) ?? titleOf(method),
          text: said(`${method}.handedOver.text`),
          begin: said(`${method}.handedOver.begin`) ?? at('action.activate'),
        })),
        nothing: present.say(nothingToHandOver()),
        keyLifetime: words.lifetimeWords(options.activationKeyMaxAgeMs),
        handoverLifetime: words.lifetimeWords(options.handoverMaxAgeMs),
        keyDemanded,
      },
      json: {
        ways: [...new Set([...offered.flatMap(({ ways }) => ways), 'activation-key'])],
        mechanisms: offered.map(({ method, ways }) => ({
          ...{ method: method.name, title: titleOf(method.name), ways },
        })),
        activationKeyDemanded: keyDemanded,
      },
    });
  }

  /** Issues a single-use key for the user's own first activation, shown in this answer only. */
  async function issueKey(visit: UserVisit): Promise<void> {
    readBody(visit.req, {});
    await ready(visit);
    await handOutKey(context, visit, false);
  }

  return { choose, issueKey };
}
