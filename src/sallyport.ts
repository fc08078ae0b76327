import type { Request, Response } from 'express';
import defaultPassport from 'passport';
import { adminRouter } from './admin/router.js';
import { audit } from './audit/events.js';
import { oncePerLock } from './audit/lock.js';
import { storeTrail } from './audit/trail.js';
import { together } from './awaitable.js';
import { refuseRequest } from './check-options.js';
import {
  type MethodName,
  type Place,
  SIGN_IN,
  type Subject,
  type SubjectInput,
} from './contracts.js';
import { keyring } from './crypto/keyring.js';
import type { Door } from './door.js';
import { RequestError, SallyportError } from './errors.js';
import { type Check, checker } from './gate/check.js';
import { denyOrRedirect, gate } from './gate/gate.js';
import { hostProofs } from './gate/host-proofs.js';
import { identify } from './gate/identify.js';
import { sessionKeeper } from './gate/keep-session.js';
import { recordReader } from './gate/record-reader.js';
import { signInSeen } from './gate/sign-in-seen.js';
import { inspector } from './gate/situation.js';
import { requireProof } from './gate/step-up.js';
import { importer } from './host/import-subject.js';
import { legacyFactors } from './host/legacy-factors.js';
import { organizations } from './host/organizations.js';
import { subjects } from './host/subjects.js';
import { type Tokens, tokens } from './host/token.js';
import { ENGLISH, message } from './messages/english.js';
import { joined } from './messages/message.js';
import { sentences as sentencesOf } from './messages/sentences.js';
import { attempts } from './methods/attempt.js';
import { ATTEMPT_LIMITS } from './methods/attempt-limits.js';
import { builtInMethods } from './methods/built-in.js';
import { isDuo } from './methods/duo/method.js';
import { duoProvision } from './methods/duo/provision.js';
import { namedStrategies } from './methods/named-strategies.js';
import { activationKeyRedeemer } from './methods/redeem-activation-key.js';
import { registry, scriptsOf } from './methods/registry.js';
import { appNaming } from './methods/totp/app-naming.js';
import { type Config, parseOptions, type SallyportOptions } from './options.js';
import { type AtPlace, atPlace, type DoorParts } from './pages/at-place.js';
import { attemptOf } from './pages/attempt-of.js';
import { identicalAnswers } from './pages/identical-answers.js';
import { mountedPages } from './pages/mount.js';
import { recordedDevices } from './pages/recorded-devices.js';
import { withAccounts } from './policy/accounts.js';
import type { PolicyDoor } from './policy/organization-policy.js';
import { policyResolver } from './policy/resolve.js';
import { type SettingReader, settingReader } from './policy/settings.js';
import { signInDetail, signInName } from './policy/sign-in-words.js';
import { elevation, endSession, renewSession } from './session/elevate.js';
import { GuardedStore } from './session/guarded-store.js';
import type { WhoseSession } from './session/login.js';
import { rememberedDevices } from './session/remembered-device.js';
import { sessionEnds } from './session/session-ends.js';
import { wantsHtml } from './web/accept.js';
import { bodyOf } from './web/body.js';
import { createBranding } from './web/branding.js';
import { csrfGuard, sessionCsrf } from './web/csrf.js';
import { pageHeaders } from './web/headers.js';
import { atAddress } from './web/misdirected.js';
import { oncePerMistake } from './web/mistakes.js';
import { type Mounts, mounts, type Places } from './web/places.js';
import { viewWords } from './web/view-words.js';
import { createViews, viewExists } from './web/views.js';
import { times } from './web/words.js';
import './session/session-data.js';

/**
 * The second door of an Express app. Options are checked here, once; wrong ones throw `SallyportError`
 * (ERR_OPTION, ERR_KEYS).
 * @example
 * const door = sallyport({ origin, issuer, keys, store, subject, policy, loginUrl: '/login' });
 * app.use(session({ store: door.sessions(sessions), … }), passport.session());
 * app.use(door.pages());
 * app.use(door.gate());
 */
export function sallyport<S extends SubjectInput = SubjectInput>(
  options: SallyportOptions<S>,
): Door<S & Subject> {
  const config = parseOptions(options);
  const { store, addresses } = config;
  const origin = addresses.first;
  const onError = oncePerMistake(neverThrows(config.onError));
  const now = () => store.now();

  const keys = keyring(config.keys);
  const events = audit(
    [
      storeTrail(store, { keep: config.eventsKept }),
      ...(config.onEvent ? [oncePerLock({ record: config.onEvent })] : []),
    ],
    { now, originOf: addresses.known, onError },
  );
  const { endedForMs } = config;
  const ends = sessionEnds(store, { endedForMs });
  const elevate = elevation({ store, ends, maxAgeMs: config.maxAgeMs, now });
  const renew = (req: Request, whose: WhoseSession) => renewSession(req, ends, whose);
  const keepSession = sessionKeeper({ elevate, renew });
  const expire = (req: Request) => endSession(req, ends);
  const identifying = identify(config.subject);

  const mounted: Mounts<AtPlace> = mounts(config, (places) => atPlace(parts, places));
  /** Null when the request was answered: nothing of the app is at this address. */
  const gateConfigAt = (req: Request, res: Response) =>
    atAddress(req, res, () => mounted.of(req).gateConfig, { say: sentences.say, onError });

  const pagesName = typeof config.issuer === 'string' ? config.issuer : 'Two-factor authentication';
  const brandOf = createBranding(config.branding, { name: pagesName }, onError);
  const naming = appNaming({
    issuer: config.issuer,
    account: config.account,
    brandName: (subject, place) => brandOf(subject, place.origin).name,
    report: onError,
  });
  const {
    made,
    bound: methods,
    sentences,
  } = registry(
    config.methods ?? builtInMethods(),
    {
      ...{ store, keyring: keys, origin, origins: addresses.listed, onError },
      path: () => mounted.lastNoted().path,
      brandName: (subject, place) => brandOf(subject, place?.origin ?? origin).name,
      appNamed: naming.given,
      readSetting: async (id) =>
        settings.organization(await store.readSetting(id), id)?.value ?? null,
    },
    {
      ...{ store, keyring: keys, onError },
      enrollmentMaxAgeMs: config.enrollmentMaxAgeMs,
      timeoutMs: config.methodTimeoutMs,
      hasView: viewExists(config.views),
      sentencesOf: (words) =>
        sentencesOf({
          ...{ language: config.language, messages: config.messages },
          catalog: joined(ENGLISH, words),
        }),
    },
  );
  const scripts = scriptsOf(methods.values());
  const importing = importer({ store, keyring: keys, audit: events, methods: made });
  const settings: SettingReader = settingReader(made);
  const { resolve, organizationPolicy } = policyFor(config, { store, methods: made });
  const resolvePolicy = withAccounts(
    policyResolver({ policy: resolve, timeoutMs: config.policyTimeoutMs, methods: made }),
    { methods: made, settings, readSetting: (id) => store.readSetting(id) },
  );
  const deciding = {
    ...{ store, resolvePolicy, maxAgeMs: config.maxAgeMs },
    takeOver: config.legacy
      ? legacyFactors({ legacy: config.legacy, timeoutMs: config.legacyTimeoutMs, importing })
      : null,
    backups: made.filter(({ role }) => role === 'backup').map(({ name }) => name),
  };
  const inspecting = inspector({
    ...{ ...deciding, identify: identifying, endedForMs },
    signIns: config.proofs && {
      read: hostProofs(config.proofs, { timeoutMs: config.policyTimeoutMs }),
      seen: signInSeen({
        ...{ store, onError },
        tell: (req, subject, signIn) =>
          events.record('verification.succeeded', {
            ...{ subject, method: SIGN_IN, from: req },
            detail: signInDetail(signIn),
          }),
      }),
    },
    pendingMaxAgeMs: config.pendingMaxAgeMs,
  });
  const isPhishingResistant = (name: MethodName) => methods.get(name)?.phishingResistant === true;
  const checking = checker({
    ...{ inspector: inspecting, store, onError, isPhishingResistant },
    nameOf: (signIn, at) => sentences.say(signInName(signIn, at)),
  });
  const token = tokens({
    ...{ ...deciding, inspector: inspecting, keyring: keys, audit: events, isPhishingResistant },
    ...{ origin, path: config.path, findTimeoutMs: config.policyTimeoutMs },
  });
  const limits = ATTEMPT_LIMITS;
  const redeemActivationKey = activationKeyRedeemer({ keyring: keys, limits, audit: events });
  const run = attempts({ store, limits, audit: events });

  const views = createViews({
    folder: config.views,
    words: viewWords(sentences),
    cache: process.env.NODE_ENV === 'production',
  });
  const csrf = csrfGuard(config.csrf ?? sessionCsrf());
  const headers = pageHeaders({
    brandOf: (subject, req) => brandOf(subject, mounted.of(req).places.origin),
    subjectForBrand: identifying.forLooks,
  });
  const attemptAt: DoorParts['attemptAt'] = (place, situation, input) =>
    attemptOf(situation, input, place, naming.of(situation.subject, place));

  const nameStrategies = namedStrategies({
    methods,
    run,
    async attemptOf(req) {
      const situation = await inspecting.inspect(req);
      if (situation.kind === 'anonymous' || situation.decision.kind === 'deny') {
        throw new RequestError(
          401,
          'authentication_required',
          message('gate.sign-in-first'),
          mounted.of(req).places.loginUrl,
        );
      }
      return attemptAt(placeOf(mounted.of(req).places), situation, bodyOf(req));
    },
  });

  const devices = recordedDevices(
    rememberedDevices({ store, keyring: keys, elevate, renew, origin, path: config.path }),
    events,
  );
  const answers = identicalAnswers();
  const verbose = process.env.NODE_ENV !== 'production';
  let pagesMade = false;

  const parts: DoorParts = {
    ...{ ends, elevate, renew, keepSession, expire, recognize: devices.recognize, devices },
    ...{ store, keyring: keys, audit: events, inspector: inspecting, onError, now, verbose },
    ...{ made, methods, scripts, views, sentences, headers, csrf, brandOf, answers },
    ...{ run, attemptAt, redeemActivationKey, subjectForBrand: identifying.forLooks },
    signInAgain: { ask: config.signInAgain ?? null, timeoutMs: config.policyTimeoutMs },
    passport: config.passport ?? defaultPassport,
    accountUrl: ({ subject }) => config.accountUrl?.(subject) ?? null,
    pagesMade: () => pagesMade,
  };

  async function check(req: Request): Promise<Check<S & Subject>> {
    const found = await checking.check(req);
    // The host's own subject type.
    return { ...found, subject: found.subject as (S & Subject) | null };
  }

  return {
    async ready() {
      await together(
        () => store.ready(),
        () => views.ready(),
      );
    },

    sessions: (hosts) =>
      new GuardedStore(hosts, {
        installation: store,
        ends,
        timeoutMs: config.sessionTimeoutMs,
        saving: (req) => inspecting.noteBeforeSave(req),
      }),

    pages(...given: readonly unknown[]) {
      refuseRequest(given[0], 'pages');
      pagesMade = true;
      return mountedPages({
        ...{ mounts: mounted, inspector: inspecting, verbose, onError, say: sentences.say },
        hasHostsCsrf: config.csrf !== undefined,
        wellKnown: Object.assign({}, ...made.map((method) => method.wellKnown)),
      });
    },

    gate: (gateOptions) => gate(gateConfigAt, gateOptions),

    admin(adminOptions) {
      if (!organizationPolicy) {
        throw new SallyportError(
          'ERR_OPTION',
          'door.admin() sets what organizationPolicy() resolves: use sallyport({ policy: organizationPolicy(…) })',
        );
      }
      return adminRouter(
        {
          store,
          policy: organizationPolicy,
          methods,
          keyring: keys,
          appNames: naming.of,
          recordOf: recordReader(deciding),
          hasLegacy: config.legacy !== undefined,
          placeOf: (req) => placeOf(mounted.of(req).places),
          audit: events,
          onError,
          inspector: inspecting,
          baseUrl: config.baseUrl,
          denyOrRedirect: (situation, req, res) =>
            denyOrRedirect(mounted.of(req).gateConfig, situation, req, res),
          requireAdministrator: (req, ...rest) =>
            mounted.of(req).requireAdministrator(req, ...rest),
          csrf,
          headers,
          wantsHtml,
          // One renderer for both kinds of pages, each typed with its own views.
          present: {
            page: (req, ...rest) => mounted.of(req).respond.page(req, ...rest),
            onward: (req, ...rest) => mounted.of(req).respond.onward(req, ...rest),
            fail: (req, ...rest) => mounted.of(req).respond.fail(req, ...rest),
            moment: times(sentences).onDate,
            stylesheets: (req) => mounted.of(req).stylesheets,
            ...{ sentences, say: sentences.say },
          },
        },
        adminOptions,
      );
    },
    subjects: subjects({
      ...{ store, audit: events, importing, inspector: inspecting, keepSession },
      hasLegacy: config.legacy !== undefined,
    }),
    organizations: organizations({
      ...{ store, settings, methods: made, audit: events, say: sentences.say },
      async organizationOf(id) {
        const alone = { id, kind: 'client', partnerId: null } as const;
        return (await organizationPolicy?.organization(id)) ?? alone;
      },
    }),
    duo: duoProvision({ store, settings, duo: made.find(isDuo), audit: events }),
    require: (requirement) => requireProof(gateConfigAt, requirement, [...methods.values()]),
    async user(req) {
      const { decision, subject } = await check(req);
      return decision.kind === 'pass' ? subject : null;
    },
    check,
    // The host's own subject type.
    token: token as Tokens<S & Subject>,

    passport: nameStrategies,

    async close() {
      checking.close();
      await store.close();
    },
  };
}

function placeOf({ origin, path }: Places): Place {
  return { origin, path };
}

/** The host's policy, or the one of administrators' settings made for this door. */
function policyFor({ policy }: Pick<Config, 'policy'>, door: PolicyDoor) {
  if (typeof policy === 'function') return { resolve: policy, organizationPolicy: null };
  const organizationPolicy = policy.forDoor(door);
  return { resolve: organizationPolicy.resolve, organizationPolicy };
}

function neverThrows(report: (error: unknown) => void): (error: unknown) => void {
  return (error) => {
    // An error of the reporter itself is ignored; unhandled, it would end the process.
    (async () => report(error))().catch(() => {});
  };
}
