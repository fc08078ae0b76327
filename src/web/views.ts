import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, posix, sep } from 'node:path';
import ejs from 'ejs';
import { messageOf, SallyportError } from '../errors.js';
import { packagedFiles } from '../packaged.js';
import { escaped } from './markup.js';
import type { ViewWords } from './view-words.js';

/**
 * Our own EJS renderer. It does not touch the host's view engine and settings, and does not use EJS's process-wide
 * cache: that is keyed by file name alone, so two doors in one process would share partials, and a host that renders
 * EJS itself could clear it.
 */
export interface Views {
  /** Renders one of our views. Rejects with `SallyportError` (ERR_VIEW), naming the file. */
  render(view: string, locals: object): Promise<string>;
  /** Compiles every view; rejects with ERR_VIEW for a missing folder or a view that does not compile. */
  ready(): Promise<void>;
}

export interface ViewsOptions {
  /** The host's own folder: each view and each include is looked for there first. */
  readonly folder?: string | undefined;
  /** Needed to render views, since all their sentences come from it. */
  readonly words?: ViewWords | undefined;
  /** Compile each file of the folder once. When false, each rendering reads them again, for work on a theme. */
  readonly cache?: boolean | undefined;
}

/** Whether a view is there, in the host's folder or ours. */
export function viewExists(folder: string | undefined): (name: string) => boolean {
  return (name) =>
    packagedFiles.has(`${name}.ejs`) ||
    (folder !== undefined && existsSync(join(folder, `${name}.ejs`)));
}

type Locals = Readonly<Record<string, unknown>>;
type Include = (path: string, extra?: Locals) => string;

interface Source {
  readonly file: string;
  /** The view's path among all views, e.g. `partials/head`, which its includes are relative to. */
  readonly name: string;
  readonly fromHost: boolean;
  readonly template: (locals: Locals) => string;
}

/** The package's views are the same for every door of the process, and are compiled once. */
const packageSources = once(compilePackaged);

async function compilePackaged(): Promise<Source[]> {
  return [...packagedFiles]
    .filter(([name]) => name.endsWith('.ejs'))
    .map(([name, text]) => compile(text, { file: `views/${name}`, path: name, fromHost: false }));
}

export function createViews({ folder, words, cache = true }: ViewsOptions = {}): Views {
  async function load(): Promise<ReadonlyMap<string, Source>> {
    const theirs = folder === undefined ? [] : await readFolder(folder);
    return new Map(
      [...(await packageSources()), ...theirs].map((source) => [
        key(source.name, source.fromHost),
        source,
      ]),
    );
  }

  const compiled = cache ? once(load) : load;

  return {
    async render(view, locals) {
      const sources = await compiled();
      const source = find(sources, view);
      if (!source) throw new SallyportError('ERR_VIEW', `there is no view named ${view}`);
      return run(sources, source, { ...locals, ...words });
    },

    async ready() {
      await compiled();
    },
  };
}

/** Calls `load` once; after a failure, the next call tries again. */
function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  return async () => {
    loading ??= load();
    try {
      return await loading;
    } catch (error) {
      loading = undefined;
      throw error;
    }
  };
}

function key(name: string, fromHost: boolean): string {
  return `${fromHost ? 'host' : 'package'}:${name}`;
}

function find(sources: ReadonlyMap<string, Source>, name: string): Source | undefined {
  return sources.get(key(name, true)) ?? sources.get(key(name, false));
}

function run(sources: ReadonlyMap<string, Source>, source: Source, locals: Locals): string {
  // `include` given as a local comes before EJS's own, which resolves beside the including file only.
  const include: Include = (path, extra) => {
    const name = posix.join(posix.dirname(source.name), path).replace(/\.ejs$/, '');
    // A host's view that includes its own name includes ours.
    const wraps = source.fromHost && name === source.name;
    const included = wraps ? sources.get(key(name, false)) : find(sources, name);
    if (!included) {
      throw new SallyportError('ERR_VIEW', `${source.file} includes ${path}: no such view`);
    }
    return run(sources, included, { ...locals, ...extra });
  };
  try {
    return source.template({ ...locals, include });
  } catch (error) {
    throw viewError(source.file, error);
  }
}

async function readFolder(folder: string): Promise<Source[]> {
  let names: string[];
  try {
    if (!(await stat(folder)).isDirectory()) throw new Error('not a folder');
    names = await readdir(folder, { recursive: true });
  } catch (error) {
    throw viewError(folder, error);
  }
  const paths = names.filter((name) => name.endsWith('.ejs'));
  return Promise.all(
    paths.map(async (path) => {
      const file = join(folder, path);
      const text = await readFile(file, 'utf8').catch((error: unknown) => {
        throw viewError(file, error);
      });
      return compile(text, { file, path, fromHost: true });
    }),
  );
}

interface Place extends Pick<Source, 'file' | 'fromHost'> {
  /** Below the folder of all views. */
  readonly path: string;
}

function compile(text: string, { file, path, fromHost }: Place): Source {
  const name = path
    .split(sep)
    .join('/')
    .replace(/\.ejs$/, '');
  try {
    // Delimiters are stated since a host may have set others for the whole process.
    const template = ejs.compile(text, {
      filename: file,
      cache: false,
      openDelimiter: '<',
      closeDelimiter: '>',
      delimiter: '%',
      localsName: 'locals',
      escape: escaped,
    });
    return { file, name, fromHost, template };
  } catch (error) {
    throw viewError(file, error);
  }
}

function viewError(file: string, cause: unknown): SallyportError {
  if (cause instanceof SallyportError) return cause;
  const reason = messageOf(cause);
  return new SallyportError('ERR_VIEW', reason.includes(file) ? reason : `${file}: ${reason}`, {
    cause,
  });
}
