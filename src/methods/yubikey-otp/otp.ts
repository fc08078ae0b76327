/** The 16 letters for 0 to 15, which are on the same keys of nearly all keyboards. */
const MODHEX = 'cbdefghijklnrtuv';
const OTP = /^[cbdefghijklnrtuv]{44}$/i;
const PUBLIC_ID_LENGTH = 12;
/** The start of a factory-set public id; the serial number follows. */
const FACTORY = 'cccc';

export interface YubikeyOtp {
  /** 44 characters, in small letters. */
  readonly otp: string;
  /** The first 12 of them, which identify the key. Not secret. */
  readonly publicId: string;
}

/** Reads what a YubiKey has typed, ignoring case and white space; null if no key types that. */
export function readOtp(typed: unknown): YubikeyOtp | null {
  if (typeof typed !== 'string') return null;
  const text = typed.replace(/\s/g, '');
  if (!OTP.test(text)) return null;
  const otp = text.toLowerCase();
  return { otp, publicId: otp.slice(0, PUBLIC_ID_LENGTH) };
}

export function modhex(bytes: Uint8Array): string {
  const digits = Buffer.from(bytes).toString('hex');
  return digits.replace(/./g, (digit) => MODHEX.charAt(Number.parseInt(digit, 16)));
}

/** The serial number, as printed on the key; null for a reprogrammed key. */
export function serialOf(publicId: string): number | null {
  if (!publicId.startsWith(FACTORY)) return null;
  return [...publicId].reduce((sum, letter) => sum * 16 + MODHEX.indexOf(letter), 0);
}
