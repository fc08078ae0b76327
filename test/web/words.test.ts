import assert from 'node:assert/strict';
import { times } from '../../src/web/words.js';
import { ENGLISH_SENTENCES } from '../support/sentences.js';

const { dateText, durationText, timeLeft, waitUntil } = times(ENGLISH_SENTENCES);

describe('wording', () => {
  it('says a wait in words, rounded up', () => {
    assert.equal(durationText(-5), '1 second');
    assert.equal(durationText(29_001), '30 seconds');
    assert.equal(durationText(90_000), '2 minutes');
    assert.equal(durationText(3_600_000), '60 minutes');
    assert.equal(durationText(5_400_000), '2 hours');
    assert.deepEqual(waitUntil(60_000, 30_000), {
      iso: '1970-01-01T00:01:00.000Z',
      text: 'in 30 seconds',
    });
  });

  it('says in words how much time is left, rounded down', () => {
    const minute = 60_000;
    assert.equal(timeLeft(1), '1 minute');
    assert.equal(timeLeft(119.9 * minute), '119 minutes');
    assert.equal(timeLeft(120 * minute), '2 hours');
    assert.equal(timeLeft(47.9 * 60 * minute), '47 hours');
    assert.equal(timeLeft(48 * 60 * minute), '2 days');
    assert.equal(timeLeft(6.9 * 24 * 60 * minute), '6 days');
  });

  it('says a date in UTC', () => {
    assert.equal(dateText(new Date('2026-11-22T14:05:59Z')), '22 November 2026, 14:05 UTC');
  });
});
