import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { MemoryStore } from 'express-session';
import type { Browser } from './browser.js';

/** Sessions that take a while to be saved, and tell how many are being saved. */
export class SlowSessions extends MemoryStore {
  saving = 0;

  override set(...[id, data, done]: Parameters<MemoryStore['set']>): void {
    this.saving += 1;
    let turns = 300;
    const turn = (): unknown =>
      turns-- > 0
        ? setImmediate(turn)
        : super.set(id, data, (error) => {
            this.saving -= 1;
            done?.(error);
          });
    turn();
  }
}

/** The first that a browser hears of an answer, which is when it follows a redirect: not the end, as supertest has it. */
export async function firstHeard(browser: Browser, url: URL): Promise<IncomingMessage> {
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const [answer] = await once(get(url, { headers: { cookie, accept: 'text/html' } }), 'response');
  answer.resume();
  return answer;
}
