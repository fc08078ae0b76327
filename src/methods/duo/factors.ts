/**
 * Which of Duo's results count: `any` for all that Duo allows, `actual` only if the person has used a device or key;
 * or the named factors and reasons, in Duo's spelling (null for any).
 */
export type DuoResultRule =
  | 'any'
  | 'actual'
  | { readonly factors: readonly string[] | null; readonly reasons: readonly string[] | null };

/** What counts at login, and what in a step-up and before factors are changed. */
export interface DuoAcceptedResults {
  readonly login: DuoResultRule;
  readonly stepUp: DuoResultRule;
}

export const DEFAULT_ACCEPTED: DuoAcceptedResults = Object.freeze({
  login: 'any',
  stepUp: 'actual',
});

const ACTUAL =
  /^(duo_push|verified_duo_push|verified_push|phone_call|sms_passcode|duo_mobile_passcode|passcode|hardware_token|yubikey_(passcode|code)|digipass_go_7_token|u2f_token|platform_authenticator|roaming_authenticator|webauthn(_\w+)?)$/;
/** Reasons that mean that the person was not asked, whatever the factor. */
const NOBODY_ASKED = /^(bypass|remembered|trusted|allow_|allowed_)/;
const PHISHING_RESISTANT =
  /^(webauthn(_\w+)?|platform_authenticator|roaming_authenticator|u2f_token)$/;

export function ruleAccepts(rule: DuoResultRule, factor: unknown, reason: unknown): boolean {
  if (rule === 'any') return true;
  if (rule === 'actual') {
    const done = typeof factor === 'string' && ACTUAL.test(factor);
    return done && !(typeof reason === 'string' && NOBODY_ASKED.test(reason));
  }
  return isNamed(rule.factors, factor) && isNamed(rule.reasons, reason);
}

export function isPhishingResistant(factor: unknown): boolean {
  return typeof factor === 'string' && PHISHING_RESISTANT.test(factor);
}

/** `webauthn` matches all kinds of browsers and keys, which Duo names each. */
function isNamed(names: readonly string[] | null, value: unknown): boolean {
  if (names === null) return true;
  if (typeof value !== 'string') return false;
  return names.includes(value) || (value.startsWith('webauthn_') && names.includes('webauthn'));
}
