import { writeFile } from 'node:fs/promises';
import { type Command, UsageError } from '../../cli/command.js';
import type { DuoApp } from './app.js';
import { duoKeys } from './keys.js';
import { type DuoUserState, isUserState, userStates } from './users.js';

/** Runs the simulator for a host's own development, until it is stopped. */
export const duoSimulatorCommand: Command = {
  usage: '',
  help: [
    '  --app ID:SECRET   duo-simulator: the keys of an application; default: a new pair',
    '  --user NAME=STATE duo-simulator: active, bypass, unenrolled, locked, disabled, …',
    '  --port N, --prompt-port N, --ca-file PATH',
    '                    duo-simulator: its ports, and where its authority is written (PEM)',
  ],
  summary: 'run a Duo on loopback for your own development, until Ctrl+C',
  positionals: 0,
  options: ['port', 'prompt-port', 'app', 'user', 'ca-file'],
  async run({ more }, { out, now, untilStopped }) {
    const apps = more.app.length > 0 ? more.app.map(readApp) : [duoKeys()];
    const users = Object.fromEntries(more.user.map(readUser));
    // Its certificates want a package that nothing else of the program needs.
    const { duoSimulator } = await import('./simulator.js');
    const { port = '0', promptPort = '0', caFile } = more;
    const duo = await duoSimulator({
      ...{ apps, users, now, port: Number(port), promptPort: Number(promptPort) },
    });
    try {
      if (caFile !== undefined) await writeFile(caFile, duo.ca);
      out('Duo simulator, for local use only. It is not Duo.');
      for (const { clientId, clientSecret } of apps) {
        out(`Integration key  ${clientId}`);
        out(`Secret key       ${clientSecret}`);
      }
      out(`API hostname     ${duo.apiHost}`);
      out(`answers at       https://127.0.0.1:${duo.port} (TLS, by its own CA)`);
      out(`Prompt and keys  ${duo.promptOrigin}/`);
      await untilStopped();
    } finally {
      await duo.close();
    }
  },
};

function readApp(text: string): DuoApp {
  const [clientId = '', clientSecret = ''] = text.split(':');
  return { clientId, clientSecret };
}

function readUser(text: string): [string, DuoUserState] {
  const at = text.lastIndexOf('=');
  const state = text.slice(at + 1);
  if (at > 0 && isUserState(state)) return [text.slice(0, at), state];
  throw new UsageError(`--user takes NAME=STATE, with one of ${userStates.join(', ')}`);
}
