// What somebody has typed into the editor and not registered: there still when they come back, also after a login that was asked for meanwhile.
import type { Reference, SchemaType } from './api';
import type { Draft as Contract } from './components/contract-editor';

export interface Draft { type: SchemaType; text: string; references: Reference[]; contract: Contract }

const PREFIX = 'accordant.draft ';
/** Characters of a draft that outlive the page: a browser keeps some millions for all. */
const MOST = 512 * 1024;
const drafts = new Map<string, Draft>();

export function keepDraft(of: string, draft: Draft) {
  drafts.set(of, draft);
  try {
    const text = JSON.stringify(draft);
    // what is sensitive is for the memory of this page alone
    const isKept = text.length <= MOST && !draft.contract.properties.some((property) => property.sensitive);
    if (isKept) sessionStorage.setItem(PREFIX + of, text);
    else sessionStorage.removeItem(PREFIX + of);
  } catch { /* the browser has no room: until the page is left it is kept all the same */ }
}

export function draftFor(of: string): Draft | null {
  const known = drafts.get(of);
  if (known) return known;
  try { return JSON.parse(sessionStorage.getItem(PREFIX + of) ?? 'null') as Draft | null; } catch { return null; }
}

export function dropDraft(of: string) {
  drafts.delete(of);
  sessionStorage.removeItem(PREFIX + of);
}

export function dropDrafts() {
  drafts.clear();
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
}
