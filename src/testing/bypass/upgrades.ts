import { randomBytes } from 'node:crypto';
import { described, isTurnedAway } from './answers.js';
import type { Answered } from './exchange.js';
import type { Standing } from './probes.js';

/**
 * Asks for a WebSocket at the protected paths and at those named. A server that takes upgrades answers them
 * past Express, and so past the gate: there, whatever refuses will do (a 4xx, or hanging up).
 */
export async function upgradeHoles(
  { wire, gate, cookie, headers, protectedPaths }: Standing,
  webSocketPaths: readonly string[],
): Promise<string[]> {
  const found: string[] = [];
  for (const path of new Set([...webSocketPaths, ...protectedPaths])) {
    let answered: Answered | null;
    try {
      answered = await wire.ask({
        ...{ method: 'GET', path },
        headers: {
          ...headers,
          cookie,
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': randomBytes(16).toString('base64'),
        },
      });
    } catch {
      // Hung up on: refused as well.
      answered = null;
    }
    if (answered === null) continue;
    const refused = answered.status >= 400 && answered.status < 500;
    const fine = webSocketPaths.includes(path) ? refused : isTurnedAway('GET', answered, gate);
    if (!fine) found.push(`GET ${path} (WebSocket): ${described(answered)}`);
  }
  return found;
}
