import { encode } from 'uqr';

/** Modules of white on each side that a reader needs to find the code (ISO/IEC 18004 §6.3.8). */
const QUIET_ZONE = 4;

/**
 * A QR code as inline SVG, black on white in every color scheme. It has presentation attributes only, since the
 * pages' CSP forbids inline style. `label` names it for screen readers; it must not hold the text, which is a secret.
 */
export function qrSvg(text: string, label: string): string {
  // The fewest modules that hold the text, then as much correction as fits: a camera sees larger modules.
  const { data, size } = encode(text, { ecc: 'L', boostEcc: true, border: QUIET_ZONE });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${escapeMarkup(label)}" class="sp-qr-code" ` +
    `viewBox="0 0 ${size} ${size}" width="${size * 4}" height="${size * 4}" shape-rendering="crispEdges">` +
    `<title>${escapeMarkup(label)}</title>` +
    `<rect width="${size}" height="${size}" fill="#ffffff"/>` +
    `<path fill="#000000" d="${data.map(rowPath).join('')}"/></svg>`
  );
}

/** One subpath per run of dark modules, not per module: a third of the bytes, and no hairlines between. */
function rowPath(row: readonly boolean[], y: number): string {
  let path = '';
  for (let x = 0; x < row.length; x++) {
    if (!row[x]) continue;
    const start = x;
    while (row[x + 1]) x++;
    const run = x - start + 1;
    path += `M${start} ${y}h${run}v1h-${run}z`;
  }
  return path;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
