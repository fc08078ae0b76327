/**
 * The colors that our stylesheet derives from one brand color, readable on light and on dark pages. Contrast is WCAG
 * 2.2's: 4.5 for text, 3 for the edge of a control.
 */
export interface AccentTokens {
  readonly [token: string]: string;
  /** Fill of the primary button. */
  readonly accent: string;
  readonly 'accent-hover': string;
  /** Text on `accent` and on `accent-hover`. */
  readonly 'on-accent': string;
  /** The accent as a color of text: links, focus. */
  readonly 'accent-text': string;
  /** Edge of the primary button. */
  readonly 'accent-edge': string;
}

export interface AccentColors {
  readonly light: AccentTokens;
  readonly dark: AccentTokens;
}

type Rgb = readonly [number, number, number];

const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [0, 0, 0];

/**
 * Of the backgrounds that the stylesheet puts the accent on, those with the least contrast: the darkest light one and
 * the lightest dark one.
 */
export const hardestBackground = { light: '#f0f1ee', dark: '#242927' } as const;

export function isAccent(color: unknown): color is string {
  return typeof color === 'string' && /^#[0-9a-f]{6}$/i.test(color);
}

/** `color` must satisfy `isAccent`. */
export function accentColors(color: string): AccentColors {
  const brand = parse(color);
  const onLight = parse(hardestBackground.light);
  const onDark = parse(hardestBackground.dark);
  // On light pages the fill is the brand's own color; on dark pages a dark color is lightened until the button can be
  // seen.
  return {
    light: tokens(brand, towards(brand, 0, onLight, 4.5), onLight),
    dark: tokens(towards(brand, 1, onDark, 3), towards(brand, 1, onDark, 4.5), onDark),
  };
}

/** WCAG's contrast ratio of two `#rrggbb` colors, 1 to 21. */
export function contrast(a: string, b: string): number {
  return ratio(parse(a), parse(b));
}

function tokens(fill: Rgb, text: Rgb, background: Rgb): AccentTokens {
  // One of the two always reaches 4.5: where white does not, black has at least 4.6.
  const on = ratio(fill, WHITE) >= 4.5 ? WHITE : BLACK;
  return {
    accent: format(fill),
    'accent-hover': format(shade(fill, on === WHITE ? 0 : 1, 0.14)),
    'on-accent': format(on),
    'accent-text': format(text),
    'accent-edge': format(ratio(fill, background) >= 3 ? fill : text),
  };
}

/** `color` with its lightness moved towards `end`, just until it has the `wanted` contrast to `background`. */
function towards(color: Rgb, end: 0 | 1, background: Rgb, wanted: number): Rgb {
  for (let part = 0; part < 1; part += 0.02) {
    const shaded = shade(color, end, part);
    if (ratio(shaded, background) >= wanted) return shaded;
  }
  return end === 1 ? WHITE : BLACK;
}

/**
 * Moves the HSL lightness by `part` of the way to 0 (black) or 1 (white). Hue and saturation stay, which a
 * mix with white would gray.
 */
function shade(color: Rgb, end: 0 | 1, part: number): Rgb {
  const max = Math.max(...color) / 255;
  const min = Math.min(...color) / 255;
  const lightness = (max + min) / 2;
  const moved = lightness + (end - lightness) * part;
  const range = 1 - Math.abs(2 * lightness - 1);
  const scale = range === 0 ? 0 : (1 - Math.abs(2 * moved - 1)) / range;
  const channel = (value: number) =>
    Math.round(255 * Math.min(1, Math.max(0, moved + (value / 255 - lightness) * scale)));
  return [channel(color[0]), channel(color[1]), channel(color[2])];
}

function ratio(a: Rgb, b: Rgb): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

/** Relative luminance as in WCAG 2.2. */
function luminance([r, g, b]: Rgb): number {
  const linear = (value: number) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}

function parse(color: string): Rgb {
  const value = Number.parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function format([r, g, b]: Rgb): string {
  return `#${((r << 16) | (g << 8) | b).toString(16).padStart(6, '0')}`;
}
