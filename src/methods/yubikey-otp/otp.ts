/** The 16 letters that stand for 0 to 15: they are on the same keys of nearly all keyboards. */
const MODHEX = 'cbdefghijklnrtuv';
const OTP = /^[cbdefghijklnrtuv]{44}$/i;
const PUBLIC_ID_LENGTH = 12;
/** What a YubiKey leaves the factory with begins so, and goes on with its serial number. */
const FACTORY = 'cccc';

export interface YubikeyOtp {
  /** 44 characters, in small letters. */
  readonly otp: string;
  /** The first 12 of them: which key it is. No secret. */
  readonly publicId: string;
}

/** What a YubiKey has typed; capitals and white space count for nothing. null for what no key types. */
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

/** The serial number, as it is printed on the key; null for a key that somebody has programmed anew. */
export function serialOf(publicId: string): number | null {
  if (!publicId.startsWith(FACTORY)) return null;
  return [...publicId].reduce((sum, letter) => sum * 16 + MODHEX.indexOf(letter), 0);
}
