import { createCipheriv, createDecipheriv } from 'node:crypto';
import { modhex } from '../../methods/yubikey-otp/otp.js';

/** What a YubiKey encrypts each time it is touched (Yubico OTP, 16 bytes). */
export interface Touch {
  /** 6 bytes that the key and the server share. */
  readonly privateId: Uint8Array;
  /** How often the key was plugged in. */
  readonly counter: number;
  /** In eighths of a second since it was plugged in, 24 bits. */
  readonly timestamp: number;
  /** How often it was touched since. */
  readonly use: number;
  readonly random: number;
}

/** What is left of the checksum over a whole block, checksum included (ISO 13239). */
const RESIDUE = 0xf0b8;

export function encrypted(aesKey: Uint8Array, touch: Touch): string {
  const block = Buffer.alloc(16);
  block.set(touch.privateId, 0);
  block.writeUInt16LE(touch.counter, 6);
  block.writeUIntLE(touch.timestamp, 8, 3);
  block.writeUInt8(touch.use, 11);
  block.writeUInt16LE(touch.random, 12);
  block.writeUInt16LE(~checksum(block.subarray(0, 14)) & 0xffff, 14);
  const cipher = createCipheriv('aes-128-ecb', aesKey, null).setAutoPadding(false);
  return modhex(Buffer.concat([cipher.update(block), cipher.final()]));
}

/** null for what this key has not encrypted. */
export function decrypted(aesKey: Uint8Array, text: string): Touch | null {
  const cipher = createDecipheriv('aes-128-ecb', aesKey, null).setAutoPadding(false);
  const block = Buffer.concat([cipher.update(bytesOf(text)), cipher.final()]);
  if (checksum(block) !== RESIDUE) return null;
  return {
    privateId: block.subarray(0, 6),
    counter: block.readUInt16LE(6),
    timestamp: block.readUIntLE(8, 3),
    use: block.readUInt8(11),
    random: block.readUInt16LE(12),
  };
}

function checksum(bytes: Uint8Array): number {
  let sum = 0xffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >> 1) ^ 0x8408 : sum >> 1;
  }
  return sum;
}

function bytesOf(text: string): Buffer {
  const digits = [...text].map((letter) => 'cbdefghijklnrtuv'.indexOf(letter).toString(16));
  return Buffer.from(digits.join(''), 'hex');
}
