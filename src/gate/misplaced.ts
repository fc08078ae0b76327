import type { Request } from 'express';
import { SallyportError } from '../errors.js';
import { isNavigation } from '../web/accept.js';
import { askedUrl, type Places, rawPath } from '../web/places.js';
import type { Situation } from './situation.js';

export interface MisplacedConfig extends Places {
  /** Whether the host has asked for the pages at all, wherever it has mounted them. */
  readonly pagesMade: () => boolean;
}

/**
 * What is wrong with the order of the app, as far as a request shows it for certain that has come to the gate and may
 * not pass: for its login page nobody is signed in yet, and our pages let none of their own addresses through.
 */
export function misplaced(
  req: Request,
  config: MisplacedConfig,
  { kind }: Pick<Situation, 'kind'>,
): SallyportError | null {
  const { path, loginUrl, origin } = config;
  const asked = rawPath(askedUrl(req, config));
  if (asked === path || asked.startsWith(`${path}/`)) return pagesMisplaced(config);
  const isLogin = kind === 'anonymous' && asked === new URL(loginUrl, origin).pathname;
  // A program may send anything to any address; what is asked for with GET is the login page, and a browser's POST its form.
  const isAsked = req.method === 'GET' || (req.method === 'POST' && isNavigation(req));
  if (!isLogin || !isAsked) return null;
  return new SallyportError(
    'ERR_OPTION',
    `loginUrl: ${loginUrl} is behind the gate itself, so nobody can sign in; move app.use(door.gate()) below the routes of ${loginUrl}, or name them in door.gate({ exempt })`,
  );
}

function pagesMisplaced({ path, folder, stripped, pagesMade }: MisplacedConfig): SallyportError {
  const right = 'app.use(door.pages())';
  const above = 'above app.use(door.gate())';
  const nowhere = `path: ${path} is where browsers are sent, and no page of ours is there`;
  if (!pagesMade()) return new SallyportError('ERR_OPTION', `${nowhere}; put ${right} ${above}`);
  if (folder === path) {
    const below = folder.slice(stripped.length);
    return new SallyportError(
      'ERR_OPTION',
      `${nowhere}; app.use('${below}', door.pages()) adds the path twice: write ${right}`,
    );
  }
  return new SallyportError(
    'ERR_OPTION',
    `${nowhere}; move ${right}, without a path, above app.use(door.gate()), in the app where path is to be; behind a proxy that takes a part of it off set baseUrl`,
  );
}
