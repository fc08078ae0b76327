import { type Html, html } from './html.js';

export const STYLESHEET_PATH = '/simulator.css';
export const ICON_PATH = '/simulator.svg';

export interface SimulatorPage {
  /** Whom it stands in for: `Duo`. */
  readonly of: string;
  /** Said at the very top: what this is not. */
  readonly notice: string;
  readonly title: string;
  readonly content: Html;
  readonly wide?: boolean;
}

export function simulatorPage({ of, notice, title, content, wide = false }: SimulatorPage): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · ${of} simulator</title>
<link rel="stylesheet" href="${STYLESHEET_PATH}">
<link rel="icon" type="image/svg+xml" href="${ICON_PATH}">
</head>
<body>
<header class="notice"><p><strong>${of} simulator.</strong> ${notice}</p></header>
<main class="${wide ? 'card wide' : 'card'}">
${content}
</main>
</body>
</html>
`;
}

export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#2f6f5e"/><path d="M9 23V11a7 7 0 0 1 14 0v12M9 23h14M16 15v4" fill="none" stroke="#fff" stroke-width="2.4" stroke-linecap="round"/></svg>`;
