import { parseArgs } from 'node:util';
import { SallyportError } from '../errors.js';
import { init } from './init.js';
import { keygen } from './keygen.js';

export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  out(line: string): void;
  err(line: string): void;
}

export interface Arguments {
  readonly positionals: readonly string[];
  readonly redis: string | undefined;
  readonly prefix: string | undefined;
}

export interface Command {
  /** What follows the command's name, for the help. */
  readonly usage: string;
  readonly summary: string;
  /** How many positional arguments it takes. */
  readonly positionals: number;
  /** Rejects with what went wrong, in one line that holds no secret. */
  run(given: Arguments, terminal: Terminal): Promise<void>;
}

/** The command line is wrong; exit code 2. */
export class UsageError extends Error {}

const commands: Readonly<Record<string, Command>> = { init, keygen };

/** Resolves to the exit code: 0 done, 1 it failed, 2 the command line is wrong. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        redis: { type: 'string' },
        prefix: { type: 'string' },
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
    await command.run({ positionals: rest, redis: values.redis, prefix: values.prefix }, terminal);
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
    '  --redis URL      the Redis to work on; default: REDIS_URL',
    '  --prefix PREFIX  what its keys begin with; default: sp:',
  ].join('\n');
}

function isParseError(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS');
}
