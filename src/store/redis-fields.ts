export type Fields = ReadonlyMap<string, Buffer>;

/** The reply of HGETALL by name. */
export function fieldsOf(reply: readonly Buffer[]): Fields {
  const fields = new Map<string, Buffer>();
  for (let at = 0; at < reply.length; at += 2) {
    fields.set(String(reply[at]), reply[at + 1] as Buffer);
  }
  return fields;
}

// Texts that nearly every record holds are stored as one byte each. Append only: the place is the code.
const WORDS = [
  'totp',
  'duo',
  'recovery-code',
  'security-key',
  'sha1/6/30',
  'Authenticator app',
] as const;
const ESCAPE = 0x1f;

export function packText(text: string): Buffer {
  const code = (WORDS as readonly string[]).indexOf(text);
  if (code >= 0) return Buffer.of(code + 1);
  const bytes = Buffer.from(text);
  return (bytes[0] ?? ESCAPE) < 0x20 && bytes.length > 0
    ? Buffer.concat([Buffer.of(ESCAPE), bytes])
    : bytes;
}

export function unpackText(bytes: Buffer): string {
  if (bytes[0] === ESCAPE) return bytes.toString('utf8', 1);
  const word = bytes.length === 1 ? WORDS[(bytes[0] as number) - 1] : undefined;
  return word ?? bytes.toString();
}

/** A head without its time, which the script puts before it. */
export function packHead(of: { id: string; method: string; parameters: string }): Buffer {
  const id = Buffer.from(of.id);
  const method = packText(of.method);
  if (id.length > 255 || method.length > 255) throw new RangeError('id or method is too long');
  return Buffer.concat([
    Buffer.of(id.length),
    id,
    Buffer.of(method.length),
    method,
    packText(of.parameters),
  ]);
}

/** Takes a head apart. */
export function unpackHead(head: Buffer) {
  const idEnd = 7 + head.readUInt8(6);
  const methodEnd = idEnd + 1 + head.readUInt8(idEnd);
  return {
    time: head.readUIntBE(0, 6),
    id: head.toString('utf8', 7, idEnd),
    method: unpackText(head.subarray(idEnd + 1, methodEnd)),
    parameters: unpackText(head.subarray(methodEnd)),
  };
}
