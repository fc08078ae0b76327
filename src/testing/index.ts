export {
  type Authenticator,
  type AuthenticatorOptions,
  authenticator,
} from './authenticator.js';
export type { AppUnderTest } from './bypass/app-under-test.js';
export { bypassChecks } from './bypass/bypass-checks.js';
export type { BypassChecksOptions } from './bypass/bypass-options.js';
export {
  type MountedRoute,
  type RoutesOptions,
  routeName,
  routesAheadOfGate,
} from './bypass/routes.js';
export type { Visitor } from './bypass/visitor.js';
export { duoSimulatorAgent, type SimulatorAddress } from './duo-simulator/agent.js';
export {
  callbackFaults,
  type DuoCallbackFault,
  type DuoFaultSetting,
  type DuoTokenFault,
  type DuoWireFault,
  tokenFaults,
  wireFaults,
} from './duo-simulator/faults.js';
export { duoKeys } from './duo-simulator/keys.js';
export type { DuoLogEntry } from './duo-simulator/log.js';
export { type DuoSimulator, duoSimulator } from './duo-simulator/simulator.js';
export type { DuoSimulatorOptions } from './duo-simulator/simulator-options.js';
export type { DuoUser, DuoUserState } from './duo-simulator/users.js';
export type { DuoAnswer, DuoWalk } from './duo-simulator/walk-prompt.js';
export {
  type Attestation,
  type KeyMaker,
  type KeyMakerOptions,
  keyMaker,
} from './key-maker/maker.js';
export {
  type FidoMetadata,
  type FidoMetadataOptions,
  type FidoModel,
  fidoMetadata,
} from './key-maker/metadata.js';
export { type MethodContractOptions, methodContract } from './method-contract/method-contract.js';
export type { MethodUnderTest } from './method-contract/method-under-test.js';
export type { TestRunner } from './runner.js';
export {
  type SoftwareKey,
  type SoftwareKeyFault,
  type SoftwareKeyOptions,
  softwareKey,
} from './software-key.js';
export type { StoreFactory, StoreUnderTest } from './store-contract/stage.js';
export { type StoreContractOptions, storeContract } from './store-contract/store-contract.js';
export { type TestClock, testClock } from './test-clock.js';
export {
  type YubikeyFault,
  type YubikeyFaultSetting,
  yubikeyFaults,
  yubikeyStatuses,
} from './yubikey-simulator/faults.js';
export type { SoftwareYubikey } from './yubikey-simulator/key.js';
export type { YubikeyLogEntry } from './yubikey-simulator/server.js';
export {
  type YubikeySimulator,
  type YubikeySimulatorOptions,
  yubikeyClient,
  yubikeySimulator,
  yubikeySimulatorAgent,
} from './yubikey-simulator/simulator.js';
export type { YubikeyClient } from './yubikey-simulator/validation.js';
