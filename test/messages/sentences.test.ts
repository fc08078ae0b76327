import assert from 'node:assert/strict';
import { catalogOf, messagesOf } from '../../src/messages/message.js';
import { sentences } from '../../src/messages/sentences.js';
import { viewWords } from '../../src/web/view-words.js';

const CATALOG = {
  plain: 'It’s done.',
  greeting: 'Signed in as <name>{label}</name>',
  left: '{count, plural, one {# code} other {# codes}} left',
  date: '{at, date, long}',
} as const;
const words = messagesOf(CATALOG);

function door(messages: Record<string, string> = {}, language = 'en') {
  return sentences({ language, catalog: CATALOG, messages });
}

const refused = (messages: Record<string, string>, right: RegExp) =>
  assert.throws(() => door(messages, 'de'), { code: 'ERR_OPTION', message: right });

describe('the sentences of a door', () => {
  it('are ours in English, with plurals and dates', () => {
    const { say } = door();
    assert.equal(say(words('plain')), 'It’s done.');
    assert.equal(say(words('left', { count: 1 })), '1 code left');
    assert.equal(say(words('left', { count: 2 })), '2 codes left');
    assert.equal(say(words('date', { at: new Date(0) })), 'January 1, 1970');
  });

  it('are the host’s where it has its own, in the grammar of its language', () => {
    const { say } = door(
      {
        left: '{count, plural, one {# Code} few {# Codes (wenige)} other {# Codes}} übrig',
        date: '{at, date, long}',
      },
      'de',
    );
    assert.equal(say(words('left', { count: 2000 })), '2.000 Codes übrig');
    assert.equal(say(words('date', { at: new Date(0) })), '1. Januar 1970');
    assert.equal(say(words('plain')), 'It’s done.');
    assert.equal(
      door({ left: '{count, plural, few {# few} other {# many}}' }, 'pl').say(
        words('left', { count: 3 }),
      ),
      '3 few',
    );
  });

  it('leave a text as it stands, whatever it looks like', () => {
    assert.equal(door().say('{count} <b>'), '{count} <b>');
  });

  it('are English wherever a message is read without a door', () => {
    assert.equal(String(words('left', { count: 1 })), '1 code left');
  });

  it('refuse a key that there is none of, by its name', () => {
    refused({ palin: 'Fertig.' }, /^messages\['palin'\] is none of our sentences/);
    refused({ toString: 'Fertig.' }, /^messages\['toString'\] is none of our sentences/);
  });

  it('refuse a placeholder that is never filled, and name those that are', () => {
    refused(
      { left: '{n, plural, other {# Codes}}' },
      /^messages\['left'\] has the placeholder n; there are: count$/,
    );
    refused({ plain: 'Fertig, {label}.' }, /has the placeholder label; there are: none$/);
    refused({ left: '{count, plural, other {{who}}}' }, /has the placeholder who/);
    refused({ plain: '<strong>Fertig</strong>' }, /has the placeholder strong/);
  });

  it('refuse what is no ICU message, and what cannot be formatted with its values', () => {
    refused({ plain: 'Fertig {' }, /^messages\['plain'\] must be an ICU message, got 'Fertig \{'/);
    refused({ left: '{count, plural, one {# Code}}' }, /must be an ICU message/);
    refused({ greeting: '<name>{label, date, long}</name>' }, /must be an ICU message/);
  });

  it('may leave a placeholder out', () => {
    assert.equal(door({ left: 'Einige' }, 'de').say(words('left', { count: 3 })), 'Einige');
  });

  it('throw for a key that a view has got wrong', () => {
    assert.throws(() => door().at('pages.nowhere'), {
      code: 'ERR_VIEW',
      message: /pages.nowhere$/,
    });
    assert.throws(() => door().at('constructor'), { code: 'ERR_VIEW' });
  });

  it('are markup in a view, with the values escaped', () => {
    const { rich, t } = viewWords(door());
    assert.equal(
      String(rich('greeting', { label: '<b>&"' })),
      'Signed in as <bdi><strong>&lt;b&gt;&amp;&#34;</strong></bdi>',
    );
    assert.equal(t('left', { count: 1 }), '1 code left');
  });

  it('escape what the host has written, as well', () => {
    const { rich } = viewWords(door({ greeting: '<name>{label}</name> & Co' }, 'de'));
    assert.equal(
      String(rich('greeting', { label: 'a' })),
      '<bdi><strong>a</strong></bdi> &amp; Co',
    );
  });
});

describe('a catalog', () => {
  it('has whole keys for nested words, and none for what is left out', () => {
    assert.deepEqual(catalogOf({ a: { b: 'x', c: undefined }, d: 'y' }, 'totp'), {
      'totp.a.b': 'x',
      'totp.d': 'y',
    });
  });
});
