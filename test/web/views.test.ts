import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ejs from 'ejs';
import type { TotpActivateLocals, TotpChallengeLocals } from '../../src/methods/totp/locals.js';
import type { Frame, MessageLocals } from '../../src/web/locals.js';
import { viewWords } from '../../src/web/view-words.js';
import { createViews, type ViewsOptions } from '../../src/web/views.js';
import { ENGLISH_SENTENCES } from '../support/sentences.js';

const viewsOf = (options: ViewsOptions = {}) =>
  createViews({ words: viewWords(ENGLISH_SENTENCES), ...options });

const evil = `"><script>alert('x')</script>&`;

const frame: Frame = {
  title: 'A title',
  brand: { name: 'Example', logoUrl: null },
  stylesheet: '/two-factor/assets/sallyport.css',
  script: '/two-factor/assets/sallyport.js',
  accent: null,
  csrfToken: 'token',
  notice: null,
  subject: { label: 'user1@acme.example' },
  paths: { login: '/login', home: '/', signOut: '/two-factor/sign-out' },
};

const message: MessageLocals = {
  frame,
  status: 503,
  heading: 'A heading',
  text: 'A text.',
  advice: null,
  primary: null,
};

const challenge: TotpChallengeLocals = {
  frame,
  action: '/two-factor/totp',
  issuer: 'Example',
  digits: 6,
  digitsText: '6 digits',
  heading: 'Authenticator app',
  text: null,
  fields: [],
  methodScript: null,
  restartAction: null,
  sends: false,
  error: null,
  retryAt: null,
  otherMethods: [],
  reason: null,
  rememberDays: null,
};

const activate: TotpActivateLocals = {
  ...challenge,
  restartAction: '/two-factor/totp/restart',
  enrollment: 'an-id',
  key: 'ABCD EFGH',
  qr: '<svg></svg>',
  uri: 'otpauth://totp/Example:user1?secret=ABCDEFGH',
  settings: null,
  name: null,
  nameLength: 40,
  account: 'user1@acme.example',
  later: null,
};

/** The one script there is: a file of ours. */
const withoutOurs = (page: string) =>
  page.replaceAll(/<script src="[^"<>]*" data-sp-login="[^"<>]*" defer><\/script>/g, '');

describe('views', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sallyport-views-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function hostFile(name: string, text: string): Promise<void> {
    const file = join(folder, name);
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, text);
  }

  it('compiles all views of the package', () => viewsOf().ready());

  it('escapes every text that did not come from us', async () => {
    const views = viewsOf();
    const evilFrame: Frame = {
      ...frame,
      title: evil,
      brand: { name: evil, logoUrl: evil },
      csrfToken: evil,
      notice: null,
      subject: { label: evil },
      paths: { login: '/login', home: evil, signOut: evil },
    };
    const others = [{ title: evil, href: evil }];
    const later = { action: evil, until: { iso: evil, text: evil }, left: evil };
    const retryAt = { iso: evil, text: evil };
    const pages = [
      await views.render('totp/activate', {
        frame: evilFrame,
        action: evil,
        restartAction: evil,
        enrollment: evil,
        key: evil,
        qr: '<svg></svg>',
        uri: evil,
        settings: { algorithm: evil, digits: 8, period: evil },
        name: evil,
        nameLength: 40,
        account: evil,
        issuer: evil,
        digits: 6,
        error: evil,
        retryAt,
        otherMethods: others,
        later,
      }),
      await views.render('totp/challenge', {
        ...challenge,
        frame: evilFrame,
        action: evil,
        issuer: evil,
        error: evil,
        otherMethods: others,
      }),
      await views.render('choose-method', {
        frame: evilFrame,
        purpose: 'activate',
        methods: [{ title: evil, href: evil, description: evil }],
        later,
      }),
      await views.render('duo/prompt', {
        frame: evilFrame,
        purpose: 'challenge',
        reason: null,
        atOnce: false,
        remember: { action: evil, days: 1 },
        href: evil,
        error: evil,
        otherMethods: others,
        later,
      }),
      await views.render('duo/fallback', {
        frame: evilFrame,
        action: evil,
        withCode: true,
        error: evil,
        retryAt,
        otherMethods: others,
      }),
      await views.render('message', {
        frame: evilFrame,
        status: 400,
        heading: evil,
        text: evil,
        advice: evil,
        primary: { label: evil, href: evil },
      }),
    ];
    for (const page of pages) {
      assert.ok(!withoutOurs(page).includes('<script'), page);
      assert.ok(page.includes('&lt;script'));
    }
  });

  it('has no inline script and no inline style', async () => {
    for (const page of [
      await viewsOf().render('totp/activate', activate),
      await viewsOf().render('totp/challenge', challenge),
      await viewsOf().render('message', message),
    ]) {
      assert.doesNotMatch(withoutOurs(page), /<script|<style|\sstyle=|\son[a-z]+=|javascript:/i);
    }
  });

  it('ties the error to the field and says it in the title', async () => {
    const page = await viewsOf().render('totp/challenge', {
      ...challenge,
      error: 'Not right.',
    });
    assert.match(page, /<title>Error: A title/);
    assert.match(page, /aria-invalid="true" aria-describedby="code-error code-hint"/);
    assert.match(page, /id="code-error" role="alert"/);
  });

  it('offers no sign-out where nobody is signed in', async () => {
    const page = await viewsOf().render('message', {
      ...message,
      frame: { ...frame, subject: null },
    });
    assert.doesNotMatch(page, /<form/);
  });

  it("prefers the host's view, and the package's partials in it", async () => {
    await hostFile('message.ejs', "<%- include('partials/head') %>HOST <%= text %>");
    const page = await viewsOf({ folder }).render('message', message);
    assert.match(page, /<!doctype html>[\s\S]*HOST A text\./);
  });

  it("prefers the host's partial in the package's own views", async () => {
    await hostFile('partials/foot.ejs', 'HOST FOOT <%= frame.brand.name %>');
    const page = await viewsOf({ folder }).render('message', message);
    assert.match(page, /A heading[\s\S]*HOST FOOT Example/);
  });

  it('resolves an include relative to the view that names it', async () => {
    await hostFile('message.ejs', "<%- include('theme/box') %>");
    await hostFile('theme/box.ejs', "<%- include('../partials/foot.ejs') %><%- include('leaf') %>");
    await hostFile('theme/leaf.ejs', 'LEAF');
    assert.match(await viewsOf({ folder }).render('message', message), /<\/html>\s*LEAF/);
  });

  it("lets a host's view wrap the package's view of the same name", async () => {
    await hostFile('message.ejs', "BEFORE <%- include('message') %>");
    assert.match(await viewsOf({ folder }).render('message', message), /BEFORE [\s\S]*A heading/);
  });

  it("lets it wrap the package's view also where files are read each time", async () => {
    await hostFile('message.ejs', "BEFORE <%- include('message') %>");
    const views = viewsOf({ folder, cache: false });
    assert.match(await views.render('message', message), /BEFORE [\s\S]*A heading/);
  });

  it('shows nothing for what is not there', async () => {
    await hostFile('message.ejs', '<%= locals.nothing %>|<%= null %>|<%= 0 %>');
    assert.equal(await viewsOf({ folder }).render('message', message), '||0');
  });

  it('names a view that is not there', async () => {
    await assert.rejects(viewsOf().render('nowhere', {}), {
      code: 'ERR_VIEW',
      message: 'there is no view named nowhere',
    });
  });

  it('names a file in the place of a folder', async () => {
    await hostFile('message.ejs', 'x');
    const file = join(folder, 'message.ejs');
    await assert.rejects(viewsOf({ folder: file }).ready(), (error: Error) => {
      assert.equal(error.message, `${file}: not a folder`);
      assert.ok(error.cause instanceof Error);
      return true;
    });
  });

  it('keeps two doors of one process apart', async () => {
    const plain = viewsOf();
    await plain.render('message', message);
    await hostFile('partials/foot.ejs', 'HOST FOOT');
    assert.match(await viewsOf({ folder }).render('message', message), /HOST FOOT/);
    assert.doesNotMatch(await plain.render('message', message), /HOST FOOT/);
  });

  it("is not touched by the delimiters and the cache of the host's own EJS", async () => {
    ejs.delimiter = '?';
    try {
      assert.match(await viewsOf().render('message', message), /<h1>A heading<\/h1>/);
    } finally {
      ejs.delimiter = '%';
    }
  });

  it('reads changed files again only without cache', async () => {
    await hostFile('message.ejs', 'ONE');
    const cached = viewsOf({ folder });
    const fresh = viewsOf({ folder, cache: false });
    assert.equal(await cached.render('message', message), 'ONE');
    await hostFile('message.ejs', 'TWO');
    assert.equal(await cached.render('message', message), 'ONE');
    assert.equal(await fresh.render('message', message), 'TWO');
  });

  it('names a missing folder', async () => {
    const missing = join(folder, 'nowhere');
    await assert.rejects(
      viewsOf({ folder: missing }).ready(),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'ERR_VIEW');
        assert.match(error.message, /nowhere/);
        return true;
      },
    );
  });

  it('names the file of a view that does not compile, before the first request', async () => {
    await hostFile('partials/foot.ejs', '<% if ( { %>');
    await assert.rejects(viewsOf({ folder }).ready(), {
      code: 'ERR_VIEW',
      message: /foot\.ejs/,
    });
  });

  it('names the file of a view that fails, or that includes what is not there', async () => {
    await hostFile('message.ejs', '<%= nothing.at.all %>');
    const views = viewsOf({ folder, cache: false });
    await assert.rejects(views.render('message', message), {
      code: 'ERR_VIEW',
      message: /message\.ejs/,
    });
    await hostFile('message.ejs', "<%- include('../../secret') %>");
    await assert.rejects(views.render('message', message), {
      code: 'ERR_VIEW',
      message: /secret: no such view/,
    });
  });
});
