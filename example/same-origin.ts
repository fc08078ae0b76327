import type { RequestHandler } from 'express';

/**
 * Refuses forms that another site's page sends to us: without it a stranger could log a visitor in to an
 * account of the stranger's choice. Browsers say where a request comes from (Sec-Fetch-Site, Origin);
 * programs such as curl say neither and carry nobody's cookies along.
 */
export function sameOrigin(): RequestHandler {
  return function refuseOtherSites(req, res, next) {
    if (comesFromUs(req.get('Sec-Fetch-Site'), req.get('Origin'), req.get('Host'))) next();
    else res.status(403).type('text/plain').send('This form was sent from another site.\n');
  };
}

function comesFromUs(
  site: string | undefined,
  origin: string | undefined,
  host: string | undefined,
) {
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}
