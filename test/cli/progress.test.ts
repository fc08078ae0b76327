import assert from 'node:assert/strict';
import { progressBar } from '../../src/cli/progress.js';

const CLEAR = '\r\u001b[K';

describe('the bar that shows how far a command is', () => {
  function screen(isTTY: boolean) {
    const written: string[] = [];
    return { written, bar: progressBar({ isTTY, write: (text) => written.push(text) }) };
  }

  it('is there for a terminal alone', () => {
    const { written, bar } = screen(false);
    const lines: string[] = [];
    bar.beside((line) => lines.push(line))('one');
    assert.deepEqual([bar.show, lines, written], [null, ['one'], []]);
  });

  it('shows the part and the count, gives way to lines, and goes at the end', () => {
    const { written, bar } = screen(true);
    const out = bar.beside((line) => written.push(line));
    out('before');
    bar.show?.(0.5, 100);
    const half = `[${'#'.repeat(15)}${'.'.repeat(15)}] 50 %, 100 done`;
    assert.deepEqual(written.splice(0), ['before', `${CLEAR}${half}`]);
    out('1: one: added');
    assert.deepEqual(written.splice(0), [CLEAR, '1: one: added', half]);
    bar.show?.(1.2, 200);
    assert.match(String(written.splice(0)), /\[#{30}\] 100 %, 200 done$/);
    bar.show?.(null, 200);
    out('after');
    assert.deepEqual(written, [CLEAR, 'after']);
  });
});
