/**
 * The interfaces at which a host or a third party extends Sallyport: subject, policy, method, store, events.
 * All times are milliseconds since 1970 on the store's clock unless a name says otherwise.
 */

export * from './contracts/answers.js';
export * from './contracts/attempts.js';
export * from './contracts/authority.js';
export * from './contracts/codes.js';
export * from './contracts/devices.js';
export * from './contracts/directory.js';
export * from './contracts/events.js';
export * from './contracts/holders.js';
export * from './contracts/imports.js';
export * from './contracts/keyring.js';
export * from './contracts/messages.js';
export * from './contracts/method-contexts.js';
export * from './contracts/method-lookup.js';
export * from './contracts/method-settings.js';
export * from './contracts/methods.js';
export * from './contracts/policy.js';
export * from './contracts/records.js';
export * from './contracts/settings.js';
export * from './contracts/sign-in.js';
export * from './contracts/store.js';
export * from './contracts/store-operations.js';
export * from './contracts/subject.js';
