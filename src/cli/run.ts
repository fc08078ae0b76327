import type { Agent } from 'node:https';
import { parseArgs } from 'node:util';
import { SallyportError } from '../errors.js';
import { doctor } from './commands/doctor.js';
import { duoSimulatorCommand } from './commands/duo-simulator.js';
import { exportStore } from './commands/export.js';
import { importStore } from './commands/import.js';
import { init } from './commands/init.js';
import { keygen } from './commands/keygen.js';
import { reseal } from './commands/reseal.js';
import { reset } from './commands/reset.js';

export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  out(line: string): void;
  err(line: string): void;
  /** This machine's clock, in milliseconds since 1970. */
  now(): number;
  /** Resolves when whoever started the program wants it to stop. */
  untilStopped(): Promise<void>;
  /** Reaches somebody else's service in the place of an agent that a method has by itself. */
  readonly httpsAgent?: Agent;
}

export interface Arguments {
  readonly positionals: readonly string[];
  readonly redis: string | undefined;
  readonly postgres: string | undefined;
  /** `--schema`: of Postgres, which holds the tables. */
  readonly schema: string | undefined;
  readonly prefix: string | undefined;
  /** `--views`: the host's own folder of views. */
  readonly views: string | undefined;
  /** `--print`: the SQL, and run nothing. */
  readonly print: boolean;
  /** `--activation-key`: print a new one. */
  readonly activationKey: boolean;
  /** `--final`: nothing may be written any more. */
  readonly final: boolean;
  /** `--resume`: into a store that holds something. */
  readonly resume: boolean;
  /** Of the simulator alone. */
  readonly more: {
    readonly port: string | undefined;
    readonly promptPort: string | undefined;
    readonly caFile: string | undefined;
    /** `ID:SECRET` */
    readonly app: readonly string[];
    /** `NAME=STATE` */
    readonly user: readonly string[];
  };
}

const OPTIONS = [
  ...[
    'redis',
    'postgres',
    'schema',
    'prefix',
    'views',
    'print',
    'activation-key',
    'final',
    'resume',
  ],
  ...['port', 'prompt-port', 'ca-file', 'app', 'user'],
] as const satisfies readonly string[];

export interface Command {
  /** What follows the command's name, for the help. */
  readonly usage: string;
  readonly summary: string;
  /** How many positional arguments it takes. */
  readonly positionals: number;
  /** The options it goes by; others are refused, since whoever gives them expects something of them. */
  readonly options: readonly (typeof OPTIONS)[number][];
  /** Rejects with what went wrong, in one line that holds no secret. */
  run(given: Arguments, terminal: Terminal): Promise<void>;
}

/** The command line is wrong; exit code 2. */
export class UsageError extends Error {}

const commands: Readonly<Record<string, Command>> = {
  ...{ init, keygen, doctor, reseal, reset },
  ...{ export: exportStore, import: importStore },
  'duo-simulator': duoSimulatorCommand,
};

/** Resolves to the exit code: 0 done, 1 it failed, 2 the command line is wrong. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        redis: { type: 'string' },
        postgres: { type: 'string' },
        schema: { type: 'string' },
        prefix: { type: 'string' },
        print: { type: 'boolean' },
        views: { type: 'string' },
        'activation-key': { type: 'boolean' },
        final: { type: 'boolean' },
        resume: { type: 'boolean' },
        port: { type: 'string' },
        'prompt-port': { type: 'string' },
        'ca-file': { type: 'string' },
        app: { type: 'string', multiple: true },
        user: { type: 'string', multiple: true },
        help: { type: 'boolean', short: 'h' },
      },
    });
    const [name, ...rest] = positionals;
    if (values.help || name === undefined || name === 'help') {
      terminal.out(help());
      return name === undefined && !values.help ? 2 : 0;
    }
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!command) throw new UsageError(`there is no command ${name}`);
    if (rest.length !== command.positionals) {
      throw new UsageError(`usage: sallyport ${name} ${command.usage}`.trim());
    }
    const strange = OPTIONS.find(
      (option) => values[option] !== undefined && !command.options.includes(option),
    );
    if (strange) {
      const known = command.options.map((option) => `--${option}`).join(', ') || 'none';
      throw new UsageError(`${name} has no option --${strange}; there are: ${known}`);
    }
    const { redis, postgres, schema, prefix, views } = values;
    const { print = false, final = false, resume = false } = values;
    const { 'activation-key': activationKey = false, port, app = [], user = [] } = values;
    const more = {
      ...{ port, app, user },
      promptPort: values['prompt-port'],
      caFile: values['ca-file'],
    };
    const store = { redis, postgres, schema, prefix };
    const flags = { print, activationKey, final, resume };
    await command.run({ positionals: rest, ...store, views, ...flags, more }, terminal);
    return 0;
  } catch (error) {
    const usage = error instanceof UsageError || isParseError(error);
    const code = error instanceof SallyportError ? `${error.code}: ` : '';
    terminal.err(`sallyport: ${code}${error instanceof Error ? error.message : String(error)}`);
    if (usage) terminal.err('Try: sallyport help');
    return usage ? 2 : 1;
  }
}

function help(): string {
  const rows = Object.entries(commands).map(([name, { usage, summary }]) => [
    `${name} ${usage}`.trim(),
    summary,
  ]);
  const width = Math.max(...rows.map(([call = '']) => call.length));
  return [
    'usage: sallyport COMMAND',
    '',
    ...rows.map(([call = '', summary = '']) => `  ${call.padEnd(width)}  ${summary}`),
    '',
    '  --redis URL       the Redis to work on; default: REDIS_URL',
    '  --postgres URL    the Postgres to work on, in the place of a Redis',
    '  --schema SCHEMA   the schema of its tables; default: where search_path leads to',
    '  --prefix PREFIX   what keys or tables begin with; default: sp: or sallyport_',
    '  --print           init: print the SQL for Postgres, and run nothing',
    '  --final           export: take the store out of service first, so that nothing is missing',
    '  --resume          import: into a store that holds something, what is missing there',
    '  --views FOLDER    doctor: your own views, which are compiled as well',
    '  --activation-key  reset: print a new activation key, where activating needs one',
    '  --app ID:SECRET   duo-simulator: the keys of an application; default: a new pair',
    '  --user NAME=STATE duo-simulator: active, bypass, unenrolled, locked, disabled, …',
    '  --port N, --prompt-port N, --ca-file PATH',
    '                    duo-simulator: its ports, and where its authority is written (PEM)',
    '',
    '  SALLYPORT_KEYS    the keys of your app, separated by commas, the sealing one first (doctor,',
    '                    reseal, reset --activation-key); SALLYPORT_KEY is read as well',
  ].join('\n');
}

function isParseError(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS');
}
