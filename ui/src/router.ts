// Where in the pages one is: the part of the address behind `#`, so that it works below any prefix and is never sent.
import { signal } from '@preact/signals';

export interface Route { path: string[]; query: URLSearchParams }

/** The address as it was last read. */
let known = '';

function read(): Route {
  known = location.hash;
  const text = known.replace(/^#\/?/, '');
  const at = text.indexOf('?');
  const path = at < 0 ? text : text.slice(0, at);
  const decoded = path.split('/').filter(Boolean).map((part) => {
    try { return decodeURIComponent(part); } catch { return part; }
  });
  return { path: decoded, query: new URLSearchParams(at < 0 ? '' : text.slice(at + 1)) };
}

export const route = signal<Route>(read());
/** Grows with every step from page to page; what a page writes into its own address is none. */
export const step = signal(0);
addEventListener('hashchange', () => { step.value++; route.value = read(); });

export type Query = Record<string, string | number | boolean | undefined | null>;

export function href(path: (string | number)[], query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '' && value !== false) search.set(key, String(value));
  }
  const text = search.toString();
  return `#/${path.map((part) => encodeURIComponent(part)).join('/')}${text ? `?${text}` : ''}`;
}

export function go(path: (string | number)[], query: Query = {}) {
  location.hash = href(path, query);
}

/** Changes the query of the page one is on, without a step in the history. */
export function refine(changes: Query) {
  // somebody is on the way to another page, which has not been told yet: its address stays
  if (location.hash !== known) return;
  const { path, query } = route.value;
  const all: Query = Object.fromEntries(query);
  history.replaceState(null, '', href(path, { ...all, ...changes }));
  route.value = read();
}

export const subjectLink = (subject: string) => href(['subjects', subject]);
export const versionLink = (subject: string, version: number | string) => href(['subjects', subject, 'versions', version]);
