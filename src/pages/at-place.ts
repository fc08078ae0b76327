import type { RequestHandler } from 'express';
import type { Attempt, Place, Subject } from '../contracts.js';
import { administratorProof, type RequireAdministrator } from '../gate/administrator-proof.js';
import { freshness } from '../gate/fresh-proof.js';
import type { GateConfig } from '../gate/gate.js';
import { takeReturnTo } from '../gate/return-to.js';
import { type SignInAgainConfig, signInOffers } from '../gate/sign-in-again.js';
import type { KnownSituation } from '../gate/situation.js';
import type { MethodPages, PagedMethod } from '../methods/pages.js';
import { createStylesheets, type Stylesheets } from '../web/assets.js';
import type { BrandAt } from '../web/branding.js';
import { type LeaveConfig, type Leaving, leaving } from '../web/leave.js';
import type { Places } from '../web/places.js';
import { type AnyResponder, type RespondConfig, responder } from '../web/respond.js';
import { type AgainConfig, failing, tryAgain } from './again.js';
import { completeVerification, prove } from './proof.js';
import { pagesRouter, type RouterConfig } from './router.js';

/** The parts of a door that are shared by all mounts. */
export interface DoorParts
  extends Pick<GateConfig, 'inspector' | 'pagesMade' | 'expire' | 'recognize'>,
    Pick<RespondConfig, 'views' | 'sentences' | 'headers' | 'verbose'>,
    Pick<RouterConfig, 'passport' | 'run' | 'answers' | 'elevate' | 'devices' | 'methods'>,
    Pick<RouterConfig, 'store' | 'audit' | 'csrf' | 'subjectForBrand' | 'onError' | 'now'>,
    Pick<RouterConfig, 'redeemActivationKey' | 'renew' | 'keepSession' | 'accountUrl'>,
    Pick<AgainConfig, 'ends'>,
    Pick<LeaveConfig, 'keyring'> {
  readonly signInAgain: Pick<SignInAgainConfig, 'ask' | 'timeoutMs'>;
  /** Its methods, with their own pages. */
  readonly made: readonly PagedMethod[];
  /** Their scripts, by method name. */
  readonly scripts: Readonly<Record<string, string>>;
  readonly brandOf: BrandAt;
  readonly attemptAt: (place: Place, situation: KnownSituation, input: Attempt['input']) => Attempt;
}

/** The parts of a door for one mount. */
export interface AtPlace {
  readonly places: Places;
  readonly gateConfig: GateConfig;
  readonly requireAdministrator: RequireAdministrator;
  readonly respond: AnyResponder;
  readonly stylesheets: Stylesheets;
  readonly leave: Leaving;
  readonly router: RequestHandler;
}

/**
 * Makes what depends on the mount of the app: its pages with their addresses and looks, and the redirects of its
 * gate.
 */
export function atPlace(door: DoorParts, places: Places): AtPlace {
  const { inspector, pagesMade, expire, recognize, ends, headers, keyring, csrf, methods } = door;
  const { run, answers, elevate, devices, audit, onError, now, subjectForBrand, verbose } = door;
  const place: Place = { origin: places.origin, path: places.path };
  const attemptOf = (situation: KnownSituation, input: Attempt['input']) =>
    door.attemptAt(place, situation, input);
  const brandOf = (subject: Subject | null) => door.brandOf(subject, place.origin);
  const stylesheets = createStylesheets(`${places.path}/assets`, door.scripts);
  const respond = responder({
    ...places,
    ...{ views: door.views, sentences: door.sentences, stylesheets, brandOf, csrf, audit, headers },
    ...{ subjectOf: subjectForBrand, onError, verbose },
  });
  const again = tryAgain({ ...places, ends, respond, headers });
  const gateConfig: GateConfig = {
    ...places,
    ...{ pagesMade, tryAgain: again, inspector, expire, recognize },
    signInOffers: signInOffers({
      ...{ ...places, ...door.signInAgain, sentences: door.sentences, onError },
    }),
    fail: failing(again, respond),
  };
  const requireFresh = freshness(gateConfig);
  const requireAdministrator = administratorProof(gateConfig);
  const leave = leaving({ ...places, keyring, respond, now });
  const proving = { passport: door.passport, run, attemptOf, answers };
  const pagesOf = new Map<string, MethodPages>();
  const opening = { ...places, pagesOf, elevate, respond, devices, answers };
  for (const method of door.made) {
    const own = methods.get(method.name);
    if (!own || !method.pages) continue;
    const pages = method.pages({
      ...places,
      ...{ respond, audit, requireFresh, elevate, onError, now, own, attemptOf },
      method: (name) => methods.get(name),
      prove: (...answer) => prove(proving, ...answer),
      completeVerification: (...answered) => completeVerification(opening, ...answered),
      onward: (req) => takeReturnTo(req, places),
    });
    pagesOf.set(method.name, pages);
  }
  const router = pagesRouter({
    ...{ ...gateConfig, ...proving, ...opening },
    ...{ leave, audit, requireFresh, onError, methods, stylesheets, csrf, brandOf },
    ...{ subjectForBrand, now, store: door.store, accountUrl: door.accountUrl },
    ...{ renew: door.renew, keepSession: door.keepSession },
    redeemActivationKey: door.redeemActivationKey,
  });
  return { places, gateConfig, requireAdministrator, respond, stylesheets, leave, router };
}
