import { createHash } from 'node:crypto';
import { SallyportError } from '../errors.js';
import { packagedFile } from '../packaged-file.js';
import { accentColors, isAccent } from './accent.js';

/** A stylesheet or script of ours. Its name holds its hash, so it may be cached for a year. */
export interface Stylesheet {
  /** The path to link to. */
  readonly href: string;
  /** The last part of `href`. */
  readonly file: string;
  readonly hash: string;
  readonly body: string;
}

/** Response headers of a stylesheet or of the script. */
export function assetHeaders({ file }: Pick<Stylesheet, 'file'>): Record<string, string> {
  const type = file.endsWith('.js') ? 'text/javascript' : 'text/css';
  return {
    'Content-Type': `${type}; charset=utf-8`,
    'Cache-Control': 'public, max-age=31536000, immutable',
    'X-Content-Type-Options': 'nosniff',
  };
}

/** The stylesheets that are served below one path, e.g. `/two-factor/assets`. */
export interface Stylesheets {
  readonly main: Stylesheet;
  /** Adds copy and print to pages, which work without it. */
  readonly script: Stylesheet;
  /** The script that a method brings; null for one without. */
  scriptOf(method: string): Stylesheet | null;
  /** The generated sheet of an accent color, `#rrggbb`. Throws ERR_OPTION for anything else. */
  accent(color: string): Stylesheet;
  /** The file of a requested name; null for a name that we never gave out. */
  find(file: string): Stylesheet | null;
}

export function createStylesheets(
  base: string,
  scripts: Readonly<Record<string, string>> = {},
): Stylesheets {
  const main = named(base, 'sallyport', 'css', packagedFile('sallyport.css'));
  const script = named(base, 'sallyport', 'js', packagedFile('sallyport.js'));
  const ofMethods = new Map(
    Object.entries(scripts).map(([method, body]) => [method, named(base, method, 'js', body)]),
  );
  const fixed = new Map([main, script, ...ofMethods.values()].map((one) => [one.file, one]));
  return {
    main,
    script,
    scriptOf: (method) => ofMethods.get(method) ?? null,
    accent: (color) => accentStylesheet(color, base),
    find(file) {
      const known = fixed.get(file);
      if (known) return known;
      const hex = /^accent-([0-9a-f]{6})\.[0-9a-f]{12}\.css$/.exec(file)?.[1];
      if (hex === undefined) return null;
      const accent = accentStylesheet(`#${hex}`, base);
      return accent.file === file ? accent : null;
    },
  };
}

/** The custom properties of one accent color, for light and dark. Stateless: the color is in the name. */
export function accentStylesheet(color: string, base: string): Stylesheet {
  if (!isAccent(color)) {
    throw new SallyportError('ERR_OPTION', `accent must look like #rrggbb, got ${String(color)}`);
  }
  const hex = color.toLowerCase();
  const { light, dark } = accentColors(hex);
  const body = `${rule(light)}\n@media (prefers-color-scheme: dark) {\n${rule(dark)}\n}\n`;
  return named(base, `accent-${hex.slice(1)}`, 'css', body);
}

function rule(tokens: Readonly<Record<string, string>>): string {
  const lines = Object.entries(tokens).map(([name, value]) => `  --sp-${name}: ${value};`);
  return `:root {\n${lines.join('\n')}\n}`;
}

function named(base: string, name: string, ending: 'css' | 'js', body: string): Stylesheet {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 12);
  const file = `${name}.${hash}.${ending}`;
  return { href: `${base}/${file}`, file, hash, body };
}
