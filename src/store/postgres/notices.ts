import { randomBytes } from 'node:crypto';

/** A longer one is refused by the server. */
const LONGEST_NOTICE = 7900;

/** The notices that the processes of one installation send each other: the sender, then the message. */
export interface Notices {
  /** Says that these records have changed; that all may have, where there are too many to name. */
  changed(keys: readonly string[]): string;
  /** A notice to ourselves. */
  heartbeat(token: string): string;
  read(payload: string): Notice;
}

/** Our own heartbeat with its token, or what another process has changed; null stands for all records. */
export type Notice =
  | { readonly sender: 'us'; readonly token: string }
  | { readonly sender: 'another'; readonly changed: readonly string[] | null };

export function notices(): Notices {
  const self = randomBytes(9).toString('base64url');
  return {
    changed(keys) {
      const payload = `${self} ${keys.join('\n')}`;
      return Buffer.byteLength(payload) > LONGEST_NOTICE ? `${self} *` : payload;
    },
    heartbeat: (token) => `${self} ${token}`,
    read(payload) {
      const [sender, rest = ''] = split(payload, ' ');
      if (sender === self) return { sender: 'us', token: rest };
      // Each key has a tab; the heartbeat of another process has none.
      const keys = rest.split('\n').filter((key) => key.includes('\t'));
      return { sender: 'another', changed: rest === '*' ? null : keys };
    },
  };
}

function split(text: string, by: string): readonly [string, string?] {
  const at = text.indexOf(by);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + by.length)];
}
