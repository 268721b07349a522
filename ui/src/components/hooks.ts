// What pages have in common: loading something, and waiting until somebody stops typing.
import { useEffect, useRef, useState } from 'preact/hooks';

export interface Loaded<T> { value: T | null; error: unknown; loading: boolean; reload: () => void }

/** Loads something whenever what it depends on changes; what comes too late is dropped. */
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>, depends: unknown[]): Loaded<T> {
  const [state, setState] = useState<{ value: T | null; error: unknown; loading: boolean }>({ value: null, error: null, loading: true });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    setState((before) => ({ ...before, loading: true }));
    load(abort.signal).then(
      (value) => { if (!abort.signal.aborted) setState({ value, error: null, loading: false }); },
      (error) => { if (!abort.signal.aborted) setState({ value: null, error, loading: false }); },
    );
    return () => abort.abort();
  }, [...depends, round]);
  return { ...state, reload: () => setRound((before) => before + 1) };
}

/** For how long nothing was typed before a key that is answered at once. */
const PAUSE = 400;

/** A value once it has stood still for a while; `atOnce`: the first change after a pause is taken without waiting. */
export function useSettled<T>(value: T, wait: number, atOnce = false): T {
  const [settled, setSettled] = useState(value);
  const changed = useRef(0);
  useEffect(() => {
    const now = performance.now();
    const isFirst = now - changed.current > PAUSE;
    changed.current = now;
    const timer = setTimeout(() => setSettled(value), atOnce && isFirst ? 0 : wait);
    return () => clearTimeout(timer);
  }, [value, wait, atOnce]);
  return settled;
}
