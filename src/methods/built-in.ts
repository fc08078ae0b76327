import { FOREIGN_CODES, type Method, type MethodName, type SealedSetting } from '../contracts.js';
import { duo } from './duo/method.js';
import { sealedKeys } from './duo/sealed-keys.js';
import type { MethodPlan } from './pages.js';
import { recoveryCodeImport } from './recovery-code/imports.js';
import { RECOVERY_CODE, recoveryCodes } from './recovery-code/method.js';
import { securityKeyImport } from './security-key/imports.js';
import { examineMetadata } from './security-key/metadata/doctor.js';
import { SECURITY_KEY, securityKey } from './security-key/method.js';
import { totpImport } from './totp/imports.js';
import { TOTP, totp } from './totp/method.js';
import { sealedSecret } from './yubikey-otp/sealed-secret.js';

/** The methods of a door that names none. */
export function builtInMethods(): readonly MethodPlan[] {
  return [securityKey(), totp(), duo(), recoveryCodes()];
}

/** The sealed settings that the command line, which has no door, handles. */
export const sealedSettings: readonly {
  readonly name: MethodName;
  readonly sealed: SealedSetting;
}[] = [
  { name: 'duo', sealed: sealedKeys },
  { name: 'yubikey-otp', sealed: sealedSecret },
];

/** The methods whose factors the command line imports. */
export const importingMethods: readonly Pick<Method, 'name' | 'title' | 'atMost' | 'imports'>[] = [
  { ...TOTP, imports: totpImport },
  { ...SECURITY_KEY, imports: securityKeyImport },
  { ...RECOVERY_CODE, imports: recoveryCodeImport },
];

/** For the command line, which examines the file that a method is given. */
export { examineMetadata };

/** The id and method of what is sealed beside imported recovery codes, for the command line. */
export const SEALED_FOREIGN_CODES = { id: FOREIGN_CODES, method: RECOVERY_CODE.name };
