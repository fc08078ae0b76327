import { ENGLISH } from '../../src/messages/english.js';
import { type Catalog, catalogOf } from '../../src/messages/message.js';
import { sentences } from '../../src/messages/sentences.js';
import { ACTIVATION_KEY_WORDS } from '../../src/methods/activation-key-words.js';
import { DUO_WORDS } from '../../src/methods/duo/words.js';
import { RECOVERY_CODE_WORDS } from '../../src/methods/recovery-code/words.js';
import { SECURITY_KEY_WORDS } from '../../src/methods/security-key/words.js';
import { TOTP_WORDS } from '../../src/methods/totp/words.js';
import { YUBIKEY_WORDS } from '../../src/methods/yubikey-otp/words.js';

/** All that a door of the default methods says. */
export const CATALOG: Catalog = {
  ...ENGLISH,
  ...catalogOf(ACTIVATION_KEY_WORDS, 'activation-key'),
  ...catalogOf({ ...SECURITY_KEY_WORDS, title: 'Passkey or security key' }, 'security-key'),
  ...catalogOf({ ...TOTP_WORDS, title: 'Authenticator app' }, 'totp'),
  ...catalogOf({ ...DUO_WORDS, title: 'Duo Security' }, 'duo'),
  ...catalogOf({ ...YUBIKEY_WORDS, title: 'YubiKey' }, 'yubikey-otp'),
  ...catalogOf({ ...RECOVERY_CODE_WORDS, title: 'Recovery code' }, 'recovery-code'),
};

export const ENGLISH_SENTENCES = sentences({ language: 'en', catalog: CATALOG, messages: {} });
