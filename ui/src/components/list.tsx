// A list of any length: only the rows in sight are there, in pages that are loaded as they come into sight.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Failure } from './basic';

const ROW = 36;
const PAGE = 200;
/** Browsers can't show anything much higher (Firefox stops at 17.9 million): a longer list is scrolled through faster. */
const HIGHEST = 15_000_000;

interface Props<T> {
  /** What the list is of: another key begins anew. */
  key_: string;
  load: (offset: number, limit: number, signal: AbortSignal) => Promise<T[]>;
  /** How many there are, where that is known. */
  total?: number;
  row: (item: T, at: number) => ComponentChildren;
  empty: ComponentChildren;
  label: string;
  head?: ComponentChildren;
}

export function LongList<T>({ key_, load, total, row, empty, label, head }: Props<T>) {
  const frame = useRef<HTMLDivElement>(null);
  const pages = useRef(new Map<number, T[]>());
  const asked = useRef(new Set<number>());
  const [, redraw] = useState(0);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const [found, setFound] = useState({ count: 0, isWhole: false });
  const [error, setError] = useState<unknown>(null);

  const abort = useRef(new AbortController());
  useEffect(() => {
    pages.current.clear();
    asked.current.clear();
    abort.current = new AbortController();
    setFound({ count: 0, isWhole: false });
    setError(null);
    setTop(0);
    if (frame.current) frame.current.scrollTop = 0;
    fetchPage(0);
    return () => abort.current.abort();
  }, [key_]);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const fetchPage = (page: number) => {
    if (asked.current.has(page)) return;
    asked.current.add(page);
    const { signal } = abort.current;
    load(page * PAGE, PAGE, signal).then((items) => {
      if (signal.aborted) return;
      pages.current.set(page, items);
      setFound((before) => ({
        count: Math.max(before.count, page * PAGE + items.length),
        isWhole: before.isWhole || items.length < PAGE,
      }));
      redraw((round) => round + 1);
    }, (failed) => {
      asked.current.delete(page);
      if (!signal.aborted) setError(failed);
    });
  };

  // where the number is not known, there is always one page more until the end is seen
  const known = found.isWhole ? found.count : Math.max(total ?? 0, found.count + (found.count > 0 ? PAGE : 0));
  const length = known;
  const tall = Math.min(length * ROW, HIGHEST);
  // how far down the rows are that are in sight, which is further than the frame is scrolled where not all rows fit above one another
  const depth = tall > height ? (top / (tall - height)) * (length * ROW - height) : top;
  const shift = top - depth;
  const first = Math.max(0, Math.floor(depth / ROW) - 10);
  const last = Math.min(length, Math.ceil((depth + height) / ROW) + 10);
  const before = useRef(0);
  useEffect(() => {
    // half a page further both ways, so that rows are there when one gets to them
    const fetchNear = () => {
      const [from, to] = [Math.max(0, first - PAGE / 2), Math.min(length, last + PAGE / 2)];
      for (let page = Math.floor(from / PAGE); page * PAGE < to; page++) fetchPage(page);
    };
    const isDragged = Math.abs(first - before.current) > PAGE / 2;
    before.current = first;
    if (!isDragged) return fetchNear();
    // a scroll bar that is dragged passes many pages that nobody looks at
    const timer = setTimeout(fetchNear, 60);
    return () => clearTimeout(timer);
  }, [first, last, key_]);

  if (error) return <Failure error={error} />;
  if (found.isWhole && found.count === 0) return <>{empty}</>;
  const rows = [];
  for (let at = first; at < last; at++) {
    const item = pages.current.get(Math.floor(at / PAGE))?.[at % PAGE];
    rows.push(
      <div class="long-row" role="listitem" key={at} style={{ top: `${at * ROW + shift}px` }} aria-setsize={length} aria-posinset={at + 1}>
        {item === undefined ? <span class="placeholder" aria-hidden="true" /> : row(item, at)}
      </div>,
    );
  }
  return (
    <div class="long">
      <div class="long-frame" ref={frame} tabIndex={0} role="group" aria-label={label} onScroll={(event) => setTop(event.currentTarget.scrollTop)}>
        {head && <div class="long-head">{head}</div>}
        <div class="long-rows" role="list" style={{ height: `${tall}px` }}>{rows}</div>
      </div>
    </div>
  );
}
