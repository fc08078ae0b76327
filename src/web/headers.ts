import type { Request, RequestHandler } from 'express';
import helmet from 'helmet';
import type { Subject } from '../contracts.js';
import { type Brand, logoOrigin } from './branding.js';

export interface HeadersConfig {
  readonly brandOf: (subject: Subject | null) => Brand;
  /** The subject for the page's looks only; null when it cannot be told. */
  readonly subjectForBrand: (req: Request) => Subject | null;
}

function imagesFrom(brand: Brand): string {
  const logo = logoOrigin(brand);
  return logo === null ? "'self'" : `'self' ${logo}`;
}

/** The headers of every page of ours, wherever it is answered from. */
export function pageHeaders({ brandOf, subjectForBrand }: HeadersConfig): RequestHandler {
  const self = "'self'";
  const secure = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: [self],
        scriptSrc: [self],
        fontSrc: [self],
        imgSrc: [(req) => imagesFrom(brandOf(subjectForBrand(req as Request)))],
        formAction: [self],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
    // The host's to decide: it concerns every page of the domain.
    strictTransportSecurity: false,
  }) as RequestHandler;
  return (req, res, next) => {
    // Redirects too: each says where one person stands.
    res.set('Cache-Control', 'no-store');
    secure(req, res, next);
  };
}
