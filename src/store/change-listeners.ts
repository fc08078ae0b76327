export interface ChangeListeners {
  /** Returns a function that unsubscribes. */
  subscribe(onChange: () => void): () => void;
  /** Calls everybody back, once for all changes of one turn. */
  announce(): void;
  clear(): void;
}

export function changeListeners(): ChangeListeners {
  const listeners = new Set<() => void>();
  let due = false;

  function tell(): void {
    due = false;
    for (const listener of [...listeners]) {
      // Not one that has unsubscribed in the meantime.
      if (listeners.has(listener)) listener();
    }
  }

  return {
    subscribe(onChange) {
      // Wrapped, so that the same function may subscribe twice and each unsubscribe once; and so that one that
      // throws keeps no other from being told. What it throws is uncaught all the same.
      const listener = () => {
        try {
          onChange();
        } catch (error) {
          queueMicrotask(() => {
            throw error;
          });
        }
      };
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    announce() {
      if (due || listeners.size === 0) return;
      due = true;
      // After the turn: a flush drops thousands of keys at once, and what listeners read in the middle of it
      // would be dropped again.
      queueMicrotask(tell);
    },
    clear() {
      listeners.clear();
    },
  };
}
