export type {
  AdminAction,
  AdminTarget,
  Authorize,
  OrganizationAction,
  UserAction,
} from './admin/authorize.js';
export type { AdminOptions } from './admin/options.js';
export type * from './contracts.js';
export { authorityId, emptySubject, partOf } from './contracts.js';
export type { Door } from './door.js';
export {
  type ErrorCode,
  OutageError,
  RequestError,
  SallyportError,
  UnavailableError,
} from './errors.js';
export type { Assurance, Check } from './gate/check.js';
export type { Decision } from './gate/decide.js';
export type { GateOptions } from './gate/gate.js';
export type { RequireOptions } from './gate/step-up.js';
export type { LegacyFactors, LegacyFunction } from './host/legacy-factors.js';
export type { MethodSettingSaved, Organizations } from './host/organizations.js';
export type { SubjectActor, SubjectRef, SubjectStatus, Subjects } from './host/subjects.js';
export type { IssuedToken, IssueOptions, TokenCheck, Tokens } from './host/token.js';
export { messagesOf } from './messages/message.js';
export { DuoError, type DuoFailure, type DuoField } from './methods/duo/failure.js';
export { duo } from './methods/duo/method.js';
export type { DuoOptions } from './methods/duo/options.js';
export type { DuoKeys, DuoKeysInput, DuoKeysSaved } from './methods/duo/provision.js';
export type {
  Handler as MethodHandler,
  MethodPages,
  MethodPlace,
  MethodPlan,
  MethodRoute,
  MethodWeb,
  PagedMethod,
} from './methods/pages.js';
export {
  type LegacyHash,
  type RecoveryCodeOptions,
  recoveryCodes,
} from './methods/recovery-code/method.js';
export { securityKey } from './methods/security-key/method.js';
export type { SecurityKeyOptions } from './methods/security-key/options.js';
export { type TotpOptions, totp } from './methods/totp/method.js';
export {
  YubikeyError,
  type YubikeyFailure,
  type YubikeyField,
} from './methods/yubikey-otp/failure.js';
export { yubikeyOtp } from './methods/yubikey-otp/method.js';
export type { YubikeyOtpOptions } from './methods/yubikey-otp/options.js';
export type { SallyportOptions } from './options.js';
export { type Explanation, explain } from './policy/explain.js';
export {
  type Hypothesis,
  type OrganizationPolicy,
  type OrganizationPolicyOptions,
  type OrganizationPolicyPlan,
  organizationPolicy,
} from './policy/organization-policy.js';
export { sallyport } from './sallyport.js';
export { type Decoded, decodeRecord, encodeRecord } from './store/codec/record.js';
export { type MemoryStoreOptions, memoryStore } from './store/memory.js';
export type {
  Outcome,
  RecordStore,
  TrailOwner,
  Transition,
  UpdateOptions,
} from './store/record-store.js';
export { KINDS as recordKinds, type Kind as RecordKind, type Records } from './store/records.js';
export { secondFactorStore } from './store/second-factor-store.js';
export type { Duration } from './time.js';
export type { Branding, BrandingFunction } from './web/branding.js';
export type { CsrfProtection } from './web/csrf.js';
