import assert from 'node:assert/strict';
import type { Request } from 'express';
import { isNavigation, isPage, wantsHtml } from '../../src/web/accept.js';

const CHROME = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8';

describe('a request', () => {
  function asked(
    headers: Readonly<Record<string, string>>,
    { method = 'GET', best = 'html' } = {},
  ) {
    const req = { method, headers: { accept: CHROME, ...headers }, accepts: () => best };
    const given = req as unknown as Request;
    return { html: wantsHtml(given), navigation: isNavigation(given), page: isPage(given) };
  }
  const PAGE = { html: true, navigation: true, page: true };
  const PROGRAM = { html: false, navigation: false, page: false };

  for (const accept of [
    CHROME,
    'text/html',
    'text/html,*/*;q=0.8',
    'text/html, application/xhtml+xml, */*',
    'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  ]) {
    it(`of a browser that says nothing of its purpose is for a page: ${accept}`, () =>
      assert.deepEqual(asked({ accept }), PAGE));
  }

  for (const [what, headers] of Object.entries({
    'that a script sends': { 'sec-fetch-dest': 'empty', 'sec-fetch-mode': 'cors' },
    'that a script sends to its own site': {
      'sec-fetch-dest': 'empty',
      'sec-fetch-mode': 'same-origin',
    },
    'for an image': { 'sec-fetch-dest': 'image', 'sec-fetch-mode': 'no-cors' },
    'for a script': { 'sec-fetch-dest': 'script' },
    'for a document that nobody goes to': {
      'sec-fetch-dest': 'document',
      'sec-fetch-mode': 'cors',
    },
    'of an older browser, for a part of a page': { 'sec-fetch-mode': 'no-cors' },
    'of XMLHttpRequest': { 'x-requested-with': 'XMLHttpRequest' },
    'that jQuery sends for HTML': { accept: 'text/html, */*; q=0.01' },
    'that accepts HTML and anything alike': { accept: 'text/html, */*' },
    'that names no HTML': { accept: '*/*' },
    'for JSON': { accept: 'application/json' },
  })) {
    it(`${what} is a program's`, () => assert.deepEqual(asked(headers), PROGRAM));
  }

  it('that would rather have JSON is a program’s', () => {
    assert.deepEqual(
      asked({ accept: 'text/html;q=0.1,application/json' }, { best: 'json' }),
      PROGRAM,
    );
  });

  it('that says that it navigates is for a page', () => {
    const headers = { 'sec-fetch-dest': 'document', 'sec-fetch-mode': 'navigate' };
    assert.deepEqual(asked(headers), PAGE);
    assert.deepEqual(asked({ 'sec-fetch-mode': 'navigate' }), PAGE);
    assert.deepEqual(asked({ ...headers, accept: 'text/html, */*' }), PAGE);
    // Node's own fetch, in somebody's test; and an app's WebView, which sends the app's name.
    assert.deepEqual(asked({ accept: 'text/html', 'sec-fetch-mode': 'cors' }), PAGE);
    assert.deepEqual(asked({ ...headers, 'x-requested-with': 'com.example.app' }), PAGE);
  });

  it('of a frame, or with another method, is led on, and never the page to come back to', () => {
    const elsewhere = { html: true, navigation: true, page: false };
    for (const dest of ['iframe', 'frame', 'embed', 'object', 'fencedframe']) {
      assert.deepEqual(asked({ 'sec-fetch-dest': dest, 'sec-fetch-mode': 'navigate' }), elsewhere);
    }
    for (const method of ['POST', 'HEAD', 'PUT'])
      assert.deepEqual(asked({}, { method }), elsewhere);
  });

  it('ahead of time gets pages, and is not led on', () => {
    const early = { html: true, navigation: false, page: false };
    for (const headers of [
      { 'sec-purpose': 'prefetch' },
      { 'sec-purpose': 'prefetch;prerender', 'sec-fetch-dest': 'document' },
      { purpose: 'prefetch' },
      { 'x-purpose': 'preview' },
      { 'x-moz': 'prefetch' },
    ]) {
      assert.deepEqual(asked(headers as Readonly<Record<string, string>>), early);
    }
  });
});
