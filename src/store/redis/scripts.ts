import { createHash } from 'node:crypto';
import type { Send } from './send.js';

/** A Lua script whose keys lie in one slot, so that it runs in a Cluster. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

export function script(source: string): Script {
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}

/** One command; two when the server does not know the script yet (it forgets them when it restarts). */
export async function runScript(
  send: Send,
  { source, sha }: Script,
  keys: readonly string[],
  args: readonly (string | Buffer)[],
): Promise<unknown> {
  const rest = [String(keys.length), ...keys, ...args];
  try {
    return await send(['EVALSHA', sha, ...rest]);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return await send(['EVAL', source, ...rest]);
  }
}
