#!/usr/bin/env node
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { DuoApp } from './account.js';
import { duoKeys } from './keys.js';
import { duoSimulator } from './simulator.js';
import type { DuoUserState } from './users.js';

const usage = `Usage: program.js [options]
  --port N          TLS port of the API on 127.0.0.1 (default: a free one)
  --prompt-port N   http port of the prompt on localhost (default: a free one)
  --app ID:SECRET   an application's keys; repeatable (default: one new pair)
  --user NAME=STATE active, bypass, remembered, remembered-now, unenrolled,
                    locked or disabled; repeatable
  --ca-file PATH    writes the simulator's certificate authority there (PEM)
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'prompt-port': { type: 'string', default: '0' },
    app: { type: 'string', multiple: true, default: [] },
    user: { type: 'string', multiple: true, default: [] },
    'ca-file': { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(usage);
} else {
  await run().catch((error: Error) => {
    process.stderr.write(`${error.message}\n\n${usage}`);
    process.exitCode = 1;
  });
}

async function run(): Promise<void> {
  const apps = values.app.length > 0 ? values.app.map(readApp) : [duoKeys()];
  const duo = await duoSimulator({
    apps,
    users: Object.fromEntries(values.user.map(readUser)),
    now: Date.now,
    port: Number(values.port),
    promptPort: Number(values['prompt-port']),
  });
  if (values['ca-file']) await writeFile(values['ca-file'], duo.ca);

  const lines = apps.flatMap(({ clientId, clientSecret }) => [
    `Integration key  ${clientId}`,
    `Secret key       ${clientSecret}`,
  ]);
  process.stdout.write(`Duo simulator, for local use only. It is not Duo.
${lines.join('\n')}
API hostname     ${duo.apiHost}
answers at       https://127.0.0.1:${duo.port} (TLS, by its own CA)
Prompt and keys  ${duo.promptOrigin}/
`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      duo.close().catch((error: Error) => process.stderr.write(`${error.message}\n`));
    });
  }
}

function readApp(text: string): DuoApp {
  const [clientId = '', clientSecret = ''] = text.split(':');
  return { clientId, clientSecret };
}

function readUser(text: string): [string, DuoUserState] {
  const at = text.lastIndexOf('=');
  // The simulator itself refuses a state that it does not know.
  return [text.slice(0, at), text.slice(at + 1) as DuoUserState];
}
