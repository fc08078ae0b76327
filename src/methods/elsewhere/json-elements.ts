import { unpacked } from './found.js';

/** More than any export has for one person. */
const MOST_CHARACTERS = 4_000_000;

interface Frame {
  readonly isList: boolean;
  /** Of an object: the last text, and the name that it turned out to be. */
  text: string;
  name: string;
}

/**
 * The objects of a JSON file one after the other, so that a file may be of any size: those of a list or of lines, or,
 * with `list`, those of the list of that name in an object; null for what is no JSON. Throws where the file ends within
 * one.
 */
export async function* jsonElements(
  chunks: AsyncIterable<string>,
  list: string | null = null,
): AsyncGenerator<unknown> {
  const open: Frame[] = [];
  let element: { text: string; readonly depth: number } | null = null;
  let within: { text: string; escaped: boolean } | null = null;

  for await (const chunk of chunks) {
    for (const one of chunk) {
      if (element) {
        element.text += one;
        if (element.text.length > MOST_CHARACTERS) throw new Error('an entry has no end');
      }
      const frame = open.at(-1);
      if (within) {
        if (within.escaped) within.escaped = false;
        else if (one === '\\') within.escaped = true;
        else if (one === '"') {
          if (frame && !element) frame.text = within.text;
          within = null;
          continue;
        }
        if (!element) within.text += one;
      } else if (one === '"') within = { text: '', escaped: false };
      else if (one === ':' && frame && !element) frame.name = frame.text;
      else if (one === '[' || one === '{') {
        if (!element && one === '{' && isPlace(open, list))
          element = { text: one, depth: open.length };
        open.push({ isList: one === '[', text: '', name: '' });
      } else if (one === ']' || one === '}') {
        open.pop();
        if (element?.depth === open.length) {
          yield unpacked(element.text);
          element = null;
        }
      }
    }
  }
  if (open.length > 0) throw new Error('the file ends in the middle of an entry');
}

/** Whether an object that begins here is one of those that are asked for. */
function isPlace(open: readonly Frame[], list: string | null): boolean {
  if (list === null) return open.length === 0 || (open.length === 1 && open[0]?.isList === true);
  const [inner, outer, ...root] = [...open].reverse();
  const named = inner?.isList === true && outer?.isList === false && outer.name === list;
  return named && (root.length === 0 || (root.length === 1 && root[0]?.isList === true));
}
