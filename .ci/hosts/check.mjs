// Starts a host app and asks it for what a packed library must have: a gate that holds, views, a stylesheet.
//   node check.mjs NODE FILE
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const [node, file] = process.argv.slice(2);
const app = spawn(node, ['--unhandled-rejections=strict', file], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const [port] = await Promise.race([
    once(createInterface(app.stdout), 'line'),
    once(app, 'exit').then(([code]) => assert.fail(`${file} ended with ${code}`)),
  ]);
  const ask = (path, headers) =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers, redirect: 'manual' });

  assert.equal((await ask('/reports', {})).status, 401);
  assert.equal((await (await ask('/reports', { 'x-user': 'a' })).json()).next, 'enroll');
  const answer = await ask('/two-factor/activate/totp', { 'x-user': 'a', accept: 'text/html' });
  const page = await answer.text();
  assert.match(page, /data-sp="totp-key"/);
  const [, stylesheet] = /rel="stylesheet" href="([^"]+)"/.exec(page);
  assert.equal((await ask(stylesheet, {})).status, 200);
} finally {
  app.kill();
}
