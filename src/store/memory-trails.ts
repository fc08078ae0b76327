import type { AuditEvent, EventPlace, Fold, StoredEvent } from '../contracts.js';
import type { RecordStore } from './record-store.js';

/** The trails of all owners. */
export function memoryTrails({
  now,
}: {
  readonly now: () => number;
}): Pick<RecordStore, 'append' | 'page' | 'forget'> {
  const owners = new Map<string, ReturnType<typeof trailsOfOne>>();
  const nameOf = (owner: string, id: string) => `${owner} ${id}`;

  return {
    async append(owner, id, event, place) {
      const name = nameOf(owner, id);
      const trails = owners.get(name) ?? trailsOfOne();
      owners.set(name, trails);
      trails.append(event, place, now());
    },
    page: async (owner, id, wanted) => owners.get(nameOf(owner, id))?.page(wanted) ?? [],
    async forget(owner, id) {
      owners.delete(nameOf(owner, id));
    },
  };
}

interface Entry {
  event: StoredEvent;
  readonly keys: readonly string[];
}

/** The events of one key: how many are kept since the first of them, and the last one. */
interface Counted {
  readonly count: number;
  readonly since: number;
  readonly last: Entry;
}

interface Trail {
  readonly entries: Entry[];
  readonly counted: Map<string, Counted>;
}

function trailsOfOne() {
  const trails = new Map<string, Trail>();
  let made = 0;

  function trailOf(name: string): Trail {
    const trail = trails.get(name) ?? { entries: [], counted: new Map() };
    trails.set(name, trail);
    return trail;
  }

  return {
    append(event: AuditEvent, { trail, keep, folds }: EventPlace, now: number): void {
      const { entries, counted } = trailOf(trail);
      const present = ({ key, withinMs }: Fold): Counted | null => {
        const found = counted.get(key);
        return found && now - found.since < withinMs ? found : null;
      };

      for (const fold of folds) {
        const found = present(fold);
        if (found && found.count >= fold.each) {
          const { event: last } = found.last;
          const lastAt = new Date(now);
          found.last.event = Object.freeze({ ...last, repeats: last.repeats + 1, lastAt });
          return;
        }
      }

      made += 1;
      const id = String(made).padStart(15, '0');
      const entry: Entry = {
        event: Object.freeze({ ...event, id, repeats: 0, lastAt: null }),
        keys: folds.map(({ key }) => key),
      };
      entries.push(entry);
      for (const fold of folds) {
        const { count, since } = present(fold) ?? { count: 0, since: now };
        counted.set(fold.key, { count: count + 1, since, last: entry });
      }
      const surplus = keep === null ? 0 : Math.max(0, entries.length - keep);
      for (const gone of entries.splice(0, surplus)) {
        for (const key of gone.keys) if (counted.get(key)?.last === gone) counted.delete(key);
      }
    },

    page({
      before,
      limit,
      trails: wanted = [...trails.keys()],
    }: Parameters<RecordStore['page']>[2]): readonly StoredEvent[] {
      return wanted
        .flatMap((name) => trails.get(name)?.entries ?? [])
        .map(({ event }) => event)
        .filter(({ id }) => before === null || id < before)
        .sort((one, other) => (one.id < other.id ? 1 : -1))
        .slice(0, Math.max(0, limit));
    },
  };
}
