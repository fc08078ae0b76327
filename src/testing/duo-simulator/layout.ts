import type { Html } from '../simulator/html.js';
import { simulatorPage } from '../simulator/layout.js';

export interface Layout {
  readonly title: string;
  readonly content: Html;
  readonly wide?: boolean;
}

/** Every page says at its very top what it is not. */
export function layout(page: Layout): Html {
  const notice = 'This is not Duo: it runs on this machine, for development and tests.';
  return simulatorPage({ ...page, of: 'Duo', notice });
}
