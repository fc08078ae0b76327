import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Request, RequestHandler } from 'express';
import helmet from 'helmet';
import { LRUCache } from 'lru-cache';
import type { Subject } from '../contracts.js';
import { type Brand, logoOrigin } from './branding.js';

export interface HeadersConfig {
  readonly brandOf: (subject: Subject | null, req: Request) => Brand;
  /** The subject, for the brand only; null when it cannot be told. */
  readonly subjectForBrand: (req: Request) => Subject | null;
}

/** How many logo origins are cached: organizations may have their own. */
const ORIGINS_AT_MOST = 100;

/** The headers of all our pages. */
export function pageHeaders({ brandOf, subjectForBrand }: HeadersConfig): RequestHandler {
  const made = new LRUCache<string, readonly Header[]>({ max: ORIGINS_AT_MOST });

  return (req, res, next) => {
    const images = logoOrigin(brandOf(subjectForBrand(req), req)) ?? '';
    let headers = made.get(images);
    if (!headers) {
      headers = headersFor(images);
      made.set(images, headers);
    }
    for (const [name, value] of headers) res.setHeader(name, value);
    res.removeHeader('X-Powered-By');
    next();
  };
}

type Header = readonly [name: string, value: string];

/**
 * The headers that helmet sets, with images from this origin allowed. They are the same for every response, so they
 * are computed once.
 */
function headersFor(images: string): readonly Header[] {
  const self = "'self'";
  const none = "'none'";
  const secure = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: [none],
        styleSrc: [self],
        scriptSrc: [self],
        fontSrc: [self],
        imgSrc: images === '' ? [self] : [self, images],
        formAction: [self],
        frameAncestors: [none],
        baseUri: [none],
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
    // For the host to decide, since it concerns every page of the domain.
    strictTransportSecurity: false,
  });
  const recorded = new Recorder(new IncomingMessage(new Socket()));
  // For redirects too: each depends on one person's state.
  recorded.setHeader('Cache-Control', 'no-store');
  secure(recorded.req, recorded, (error?: unknown) => {
    if (error) throw error;
  });
  return recorded.headers;
}

/** A response that only records headers. */
class Recorder extends ServerResponse {
  readonly headers: Header[] = [];

  override setHeader(name: string, value: number | string | readonly string[]): this {
    this.headers.push([name, String(value)]);
    return this;
  }
}
