export interface ChangeListeners {
  /** Returns a function that unsubscribes. */
  subscribe(onChange: () => void): () => void;
  /** Calls all listeners, once for all changes made in one turn of the event loop. */
  announce(): void;
  clear(): void;
}

export function changeListeners(): ChangeListeners {
  const listeners = new Set<() => void>();
  let scheduled = false;

  function notify(): void {
    scheduled = false;
    for (const listener of [...listeners]) {
      // Skip a listener that has unsubscribed meanwhile.
      if (listeners.has(listener)) listener();
    }
  }

  return {
    subscribe(onChange) {
      // Wrapped so that one function can subscribe twice, and so that a listener that throws does not keep
      // the others from being called. Its error is still uncaught.
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
      if (scheduled || listeners.size === 0) return;
      scheduled = true;
      // After the turn: a flush drops thousands of keys one by one, and what a listener reads in between
      // would be dropped as well.
      queueMicrotask(notify);
    },
    clear() {
      listeners.clear();
    },
  };
}
