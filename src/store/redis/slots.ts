export const SLOTS = 16_384;

const CRC = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});

/** The Cluster slot of a key: CRC-16 (XMODEM) of what stands in its first braces, or of all of it. */
export function slotOf(key: string): number {
  const open = key.indexOf('{');
  const close = open < 0 ? -1 : key.indexOf('}', open + 1);
  const [from, to] = close > open + 1 ? [open + 1, close] : [0, key.length];
  let crc = 0;
  for (let at = from; at < to; at += 1) {
    const code = key.charCodeAt(at);
    if (code > 0x7f) return slotOfBytes(Buffer.from(key.slice(from, to)));
    crc = ((crc << 8) & 0xffff) ^ (CRC[(crc >> 8) ^ code] as number);
  }
  return crc % SLOTS;
}

function slotOfBytes(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) crc = ((crc << 8) & 0xffff) ^ (CRC[(crc >> 8) ^ byte] as number);
  return crc % SLOTS;
}

let tags: readonly string[] | undefined;

/** A short text per slot that lies in it. */
export function slotTags(): readonly string[] {
  tags ??= findTags();
  return tags;
}

function findTags(): string[] {
  const found: string[] = new Array(SLOTS);
  let missing = SLOTS;
  for (let n = 0; missing > 0; n += 1) {
    const tag = n.toString(36);
    const slot = slotOf(tag);
    if (found[slot] !== undefined) continue;
    found[slot] = tag;
    missing -= 1;
  }
  return found;
}
