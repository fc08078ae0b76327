import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Method,
  type MethodSettings,
  type PolicyPart,
  partOf,
  RequestError,
  type SettingSection,
} from 'sallyport';
import { z } from 'zod';
import { type EmailCodeOptions, emailCode } from './email-code.js';

/** What an organization sets for codes by e-mail: to which domain they may go. */
interface Domain {
  readonly domain: string;
}

interface DomainPolicy extends PolicyPart, Domain {}

const domain = z.string().regex(/^[a-z0-9.-]{3,100}$/);

const settings: MethodSettings<Domain, DomainPolicy> = {
  stored: z.strictObject({ domain }),
  policy: z.strictObject({ source: z.string().optional(), domain }),
  required: 'Codes by e-mail need a domain: enter it first, or leave them out.',
  floor: {
    mailDomain: { schema: domain.nullish(), wrong: 'Enter a domain, e.g. acme.example.' },
  },

  resolve({ organization: { kind, id }, own, partner }) {
    const set = own?.stored ?? partner?.stored ?? null;
    if (!set) return { part: null, reasons: () => [{ level: kind, id, rule: 'has no domain' }] };
    const rule = `codes go to ${set.domain}`;
    return {
      part: { source: own?.stored ? id : String(partner?.id), domain: set.domain },
      reasons: () => [{ level: own?.stored ? kind : 'partner', id, rule }],
    };
  },

  floorChanges(before, after) {
    const of = (floor: object) => String(Reflect.get(floor, 'mailDomain') ?? 'any');
    const [from, to] = [of(before), of(after)];
    return from === to ? [] : [{ field: 'clientsMust.mailDomain', label: 'Domain', from, to }];
  },

  changes(before, after) {
    const [from, to] = [before?.domain ?? 'none', after?.domain ?? 'none'];
    return from === to ? [] : [{ field: 'email-code.domain', label: 'Domain', from, to }];
  },
};

const section: SettingSection<Domain, { readonly domain: string }> = {
  view: 'email-code/setting',
  fields: { domain: z.string().max(200) },
  locals: ({ stored }, typed) => ({ domain: typed?.domain ?? stored?.domain ?? '' }),
  json: ({ stored }) => stored,
  read(fields) {
    if (fields.domain === '') return { kind: 'read', stored: null };
    // What its own schema refuses: a mistake in this method, for the test of it.
    if (fields.domain === 'broken') return { kind: 'read', stored: { domain: 'NOT STORED' } };
    const read = domain.safeParse(fields.domain);
    if (read.success) return { kind: 'read', stored: { domain: read.data } };
    const message = 'This is no domain. Nothing was saved.';
    const errors = { domain: 'Enter a domain, e.g. acme.example.' };
    return { kind: 'refused', status: 422, error: 'invalid_domain', message, errors };
  },
  asksFirst: ({ stored }, next) => stored !== null && stored.domain !== next.domain,
  concernsClients: () => true,
  asking: {
    remove: {
      title: 'No codes by e-mail',
      heading: 'Remove the domain?',
      text: 'Codes are no longer sent.',
      left: 'They have nothing else.',
    },
    replace: {
      title: 'Another domain',
      heading: 'Save this domain?',
      text: 'Codes go to the new domain alone.',
      left: 'They have nothing else.',
    },
  },
};

const VIEW = `<section aria-labelledby="email-code"><h2 id="email-code">Codes by e-mail</h2>
<% if (message) { %><p role="alert"><%= message %></p><% } %>
<form method="post" action="<%= action %>"><input type="hidden" name="_csrf" value="<%= frame.csrfToken %>">
<input type="hidden" name="version" value="<%= version %>"><input name="domain" value="<%= domain %>">
<p><%= wrong.domain %></p></form></section>`;

/** A folder of views with that of the section. */
export function domainViews(): string {
  const views = mkdtempSync(join(tmpdir(), 'sallyport-views-'));
  mkdirSync(join(views, 'email-code'));
  writeFileSync(join(views, 'email-code', 'setting.ejs'), VIEW);
  return views;
}

/** Codes by e-mail to the domain that an organization, or its partner, has set. */
export function emailCodeByDomain(options: EmailCodeOptions): Method<{ readonly code: string }> {
  const method = emailCode(options);
  return {
    ...method,
    views: ['email-code/setting'],
    settings,
    section,
    start(context) {
      const { domain: wanted } = partOf(context.policy, 'email-code') as DomainPolicy;
      if (!options.addressOf(context.subject)?.endsWith(`@${wanted}`)) {
        throw new RequestError(409, 'other_domain', `Codes go to ${wanted} alone.`);
      }
      return method.start?.(context) ?? { code: '' };
    },
  };
}
