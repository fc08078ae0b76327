import assert from 'node:assert/strict';
import { runScript, script } from '../../src/store/redis/scripts.js';

describe('a script', () => {
  const made = script('return 1');

  /** A server that answers so, one answer a command. */
  function server(...answers: unknown[]) {
    const commands: unknown[] = [];
    const send = async (command: unknown) => {
      commands.push(command);
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer;
    };
    return { commands, send };
  }

  it('is one command where the server knows it', async () => {
    assert.equal(made.source, 'return 1');
    const { commands, send } = server('done');
    assert.equal(await runScript(send, made, ['key', 'other'], ['a']), 'done');
    assert.deepEqual(commands, [['EVALSHA', made.sha, '2', 'key', 'other', 'a']]);
  });

  it('is told again to a server that has forgotten it', async () => {
    const { commands, send } = server(new Error('NOSCRIPT No matching script.'), 'done');
    assert.equal(await runScript(send, made, ['key', 'other'], ['a']), 'done');
    assert.deepEqual(commands[1], ['EVAL', made.source, '2', 'key', 'other', 'a']);
  });

  it('is not run a second time after any other failure: it may have been done', async () => {
    for (const failure of [new Error('READONLY'), new Error('x NOSCRIPT'), new Error('late')]) {
      const { commands, send } = server(failure, 'done');
      await assert.rejects(runScript(send, made, ['key'], []), failure);
      assert.equal(commands.length, 1);
    }
  });
});
