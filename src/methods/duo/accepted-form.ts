import { z } from 'zod';
import { listOf } from '../../web/form-fields.js';
import { DEFAULT_ACCEPTED, type DuoAcceptedResults } from './factors.js';
import { acceptedSchema, type DuoSetting } from './settings.js';

type Place = keyof DuoAcceptedResults;
type Rule = DuoAcceptedResults[Place];

/** One rule as the form holds it. */
export interface AcceptedForm {
  readonly rule: 'any' | 'actual' | 'these';
  readonly factors: readonly string[];
  readonly reasons: readonly string[];
}

/** What a person can do at Duo. */
const FACTORS = [
  ['duo_push', 'Duo Push'],
  ['verified_duo_push', 'Verified Duo Push'],
  ['phone_call', 'Phone call'],
  ['sms_passcode', 'Passcode by text message'],
  ['duo_mobile_passcode', 'Passcode of the Duo app'],
  ['passcode', 'Other passcode'],
  ['hardware_token', 'Hardware token'],
  ['yubikey_passcode', 'YubiKey passcode'],
  ['webauthn', 'Security key or passkey (WebAuthn)'],
  ['platform_authenticator', 'Touch ID, Windows Hello and their like'],
  ['bypass_code', 'Bypass code'],
] as const;

/** Why Duo lets somebody in. */
const REASONS = [
  ['user_approved', 'The person approved'],
  ['valid_passcode', 'A passcode was right'],
  ['remembered_device', 'The device is remembered at Duo'],
  ['bypass_user', 'The user is set to bypass'],
  ['trusted_network', 'The network is trusted'],
  ['trusted_device', 'The device is trusted'],
  ['trusted_location', 'The location is trusted'],
  ['allow_unenrolled_user', 'New users are let through'],
  ['allowed_by_policy', 'Another policy allows it'],
] as const;

const rule = z.enum(['any', 'actual', 'these']).optional();
const names = listOf(z.string().regex(/^\w{1,64}$/), 40);

/** The fields of the form, and `accepted` as it is stored for programs. */
export const acceptedShape = {
  loginRule: rule,
  loginFactors: names,
  loginReasons: names,
  stepUpRule: rule,
  stepUpFactors: names,
  stepUpReasons: names,
  accepted: acceptedSchema.optional(),
};

type Fields = z.output<z.ZodObject<typeof acceptedShape>>;

/** What was sent; what it leaves out stays as it is. */
export function readAccepted(
  fields: Fields,
  current: DuoSetting | null,
): {
  readonly accepted: DuoAcceptedResults | undefined;
  readonly errors: Readonly<Record<string, string>>;
} {
  const stored = fields.accepted ?? current?.accepted;
  const errors: Record<string, string> = {};
  const read = (place: Place): Rule => {
    const form = formOf(fields, place);
    if (form === null) return (stored ?? DEFAULT_ACCEPTED)[place];
    if (form.rule !== 'these') return form.rule;
    const { factors, reasons } = form;
    if (factors.length === 0 && reasons.length === 0) {
      errors[`${place}Rule`] = 'Tick at least one factor or reason.';
    }
    return {
      factors: factors.length > 0 ? factors : null,
      reasons: reasons.length > 0 ? reasons : null,
    };
  };
  const accepted = { login: read('login'), stepUp: read('stepUp') };
  const said = stored !== undefined || fields.loginRule || fields.stepUpRule;
  return { accepted: said ? accepted : undefined, errors };
}

function formOf(fields: Fields, place: Place): AcceptedForm | null {
  const chosen = fields[`${place}Rule`];
  if (chosen === undefined) return null;
  return {
    rule: chosen,
    factors: fields[`${place}Factors`],
    reasons: fields[`${place}Reasons`],
  };
}

/** As typed, to be shown again; null where the form was not sent. */
export function typedAccepted(fields: Fields): Readonly<Record<Place, AcceptedForm>> | null {
  const login = formOf(fields, 'login');
  const stepUp = formOf(fields, 'stepUp');
  return login && stepUp ? { login, stepUp } : null;
}

/** What the view needs: each rule with what can be ticked, names that were set by a program included. */
export function acceptedSection(
  stored: DuoAcceptedResults | undefined,
  typed: Readonly<Record<Place, AcceptedForm>> | null,
) {
  const form = (place: Place): AcceptedForm => {
    const kept = (stored ?? DEFAULT_ACCEPTED)[place];
    if (typed) return typed[place];
    return typeof kept === 'string'
      ? { rule: kept, factors: [], reasons: [] }
      : { rule: 'these', factors: kept.factors ?? [], reasons: kept.reasons ?? [] };
  };
  return (['login', 'stepUp'] as const).map((place) => {
    const { rule: chosen, factors, reasons } = form(place);
    return {
      name: place,
      legend:
        place === 'login'
          ? 'Which of Duo’s answers count at login'
          : 'Which of them count where more is asked than at login',
      rule: chosen,
      factors: options(FACTORS, factors),
      reasons: options(REASONS, reasons),
    };
  });
}

function options(known: readonly (readonly [string, string])[], ticked: readonly string[]) {
  const names = new Set([...known.map(([name]) => name), ...ticked]);
  const labels = new Map(known);
  return [...names].map((value) => ({
    value,
    label: labels.get(value) ?? value,
    checked: ticked.includes(value),
  }));
}
