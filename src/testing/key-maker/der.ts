/** As much of DER (X.690) as a certificate takes. */

function tagged(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  const size = length < 0x100 ? Buffer.of(0x81, length) : Buffer.of(0x82, length >> 8, length);
  return Buffer.concat([Buffer.of(tag), size, content]);
}

export const sequence = (...parts: readonly Uint8Array[]) => tagged(0x30, ...parts);
export const set = (...parts: readonly Uint8Array[]) => tagged(0x31, ...parts);
export const octets = (bytes: Uint8Array) => tagged(0x04, bytes);
export const bits = (bytes: Uint8Array) => tagged(0x03, Buffer.of(0), bytes);
export const truth = () => tagged(0x01, Buffer.of(0xff));
export const printable = (text: string) => tagged(0x13, Buffer.from(text, 'latin1'));
export const utf8 = (text: string) => tagged(0x0c, Buffer.from(text));
export const explicit = (n: number, part: Uint8Array) => tagged(0xa0 + n, part);
export const implicit = (n: number, bytes: Uint8Array) => tagged(0x80 + n, bytes);

/** Positive: a first bit that is set would say otherwise. */
export function integer(bytes: Uint8Array): Buffer {
  const sign = (bytes[0] ?? 0) > 0x7f ? Buffer.of(0) : Buffer.of();
  return tagged(0x02, sign, bytes);
}

export function identifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tagged(0x06, Buffer.of(first * 40 + second), ...rest.map(base128));
}

function base128(value: number): Buffer {
  const groups = [value & 0x7f];
  for (let left = value >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
  return Buffer.from(groups);
}

/** RFC 5280 §4.1.2.5: two digits of the year until 2049. */
export function time(at: Date): Buffer {
  const text = at.toISOString().replace(/[-:T]|\.\d+/g, '');
  return at.getUTCFullYear() < 2050
    ? tagged(0x17, Buffer.from(text.slice(2)))
    : tagged(0x18, Buffer.from(text));
}
