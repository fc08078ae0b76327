const WIDTH = 30;
const CLEAR = '\r\u001b[K';

interface Screen {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** A progress bar on a terminal; elsewhere nothing is shown. */
export function progressBar(screen: Screen): {
  readonly show: ((part: number | null, done: number) => void) | null;
  /** Wraps a function that writes lines, so that they do not run into the bar. */
  beside(write: (line: string) => void): (line: string) => void;
} {
  if (!screen.isTTY) return { show: null, beside: (write) => write };
  let shown = '';
  return {
    show(part, done) {
      shown = part === null ? '' : lineOf(part, done);
      screen.write(`${CLEAR}${shown}`);
    },
    beside: (write) => (line) => {
      if (shown !== '') screen.write(CLEAR);
      write(line);
      if (shown !== '') screen.write(shown);
    },
  };
}

function lineOf(part: number, done: number): string {
  const share = Math.min(1, Math.max(0, part));
  const full = Math.floor(share * WIDTH);
  return `[${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}] ${Math.floor(share * 100)} %, ${done} done`;
}
