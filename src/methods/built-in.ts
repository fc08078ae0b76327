import type { MethodImport, MethodName, SealedSetting } from '../contracts.js';
import { duo } from './duo/method.js';
import { sealedKeys } from './duo/sealed-keys.js';
import type { MethodPlan } from './pages.js';
import { recoveryCodes } from './recovery-code/method.js';
import { securityKey } from './security-key/method.js';
import { totpImport } from './totp/imports.js';
import { TOTP, totp } from './totp/method.js';

/** What a door has that names no methods. */
export function builtInMethods(): readonly MethodPlan[] {
  return [securityKey(), totp(), duo(), recoveryCodes()];
}

/** What the command line, which has no door, finds sealed in settings. */
export const sealedSettings: readonly {
  readonly name: MethodName;
  readonly sealed: SealedSetting;
}[] = [{ name: 'duo', sealed: sealedKeys }];

/** What the command line takes over from elsewhere. */
export const importingMethods: readonly {
  readonly name: MethodName;
  readonly title: string;
  readonly atMost: number;
  readonly imports: MethodImport;
}[] = [{ ...TOTP, imports: totpImport }];
