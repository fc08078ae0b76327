import { randomBytes, randomInt } from 'node:crypto';
import { modhex } from '../../methods/yubikey-otp/otp.js';
import { encrypted } from './otp.js';

/** A YubiKey without the hardware: it types as a real one does. */
export interface SoftwareYubikey {
  /** The first 12 letters of whatever it types. */
  readonly publicId: string;
  /** Types one code: 44 letters. */
  touch(): string;
  /** Takes it out and plugs it in again: it counts that. */
  plugIn(): void;
}

/** What its validation server has to know. */
export interface YubikeySecrets {
  readonly publicId: string;
  readonly privateId: Uint8Array;
  readonly aesKey: Uint8Array;
}

/** `serial`: printed on the key, and in its public id; null for a key that somebody has programmed anew. */
export function softwareYubikey(
  serial: number | null,
): SoftwareYubikey & { secrets: YubikeySecrets } {
  const secrets = {
    publicId: serial === null ? `vv${modhex(randomBytes(5))}` : modhex(idOf(serial)),
    privateId: randomBytes(6),
    aesKey: randomBytes(16),
  };
  let counter = 1;
  let use = 0;
  let timestamp = 0;
  return {
    secrets,
    publicId: secrets.publicId,
    touch() {
      timestamp += randomInt(8, 800);
      const random = randomInt(0x10000);
      const typed = encrypted(secrets.aesKey, { ...secrets, counter, use, timestamp, random });
      // The counter in eight bits that is full makes the other one go on.
      if (use === 0xff) counter += 1;
      use = (use + 1) & 0xff;
      return secrets.publicId + typed;
    },
    plugIn() {
      counter += 1;
      use = 0;
      timestamp = 0;
    },
  };
}

function idOf(serial: number): Buffer {
  const id = Buffer.alloc(6);
  id.writeUInt32BE(serial, 2);
  return id;
}
