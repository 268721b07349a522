import { useEffect, useRef, useState } from 'preact/hooks';
import { type SchemaType, json, query } from '../api';
import { Busy, Empty, Failure, Page, Select, SubjectName, T, Type } from '../components/basic';
import { LEVELS } from '../components/effective';
import { useSettled } from '../components/hooks';
import { refine, route, versionLink } from '../router';
import { useListContext, may } from '../session';
import { count, plural, time } from '../text';

export interface Found {
  subject: string;
  version: number;
  id: number;
  guid: string;
  schemaType: SchemaType;
  deleted: boolean;
  registeredAt: string;
  matched: string;
  matchingVersions: number;
  matches: { kind: string; path: string; name: string; type?: string; line?: number; column?: number }[];
}
/** With words the next page is at an offset, without them behind a place that the page before has named. */
export interface FoundPage { results: Found[]; next?: number; after?: string }

const WORDS: Record<string, string> = {
  id: 'id', guid: 'guid', subject: 'name of the subject', name: 'name of a type', field: 'field', label: 'tag or metadata', text: 'description or several places', filter: '',
};

/** A day is wanted whole: the server’s `until` is not in it. */
function dayAfter(day: string): string {
  const at = Date.parse(day);
  return Number.isNaN(at) ? '' : new Date(at + 86_400_000).toISOString().slice(0, 10);
}

type Next = Pick<FoundPage, 'next' | 'after'>;

/** Results that are looked for before one is asked whether to go on. */
const WANTED = 30;
/** Pages that are asked for until then: a filter that little fits gives pages with little on them, each of up to 10,000 versions. */
const PAGES = 100;
const LOOKED_AT = 10_000;

/** `scanned` counts the pages that were not full: how far back it was looked. */
interface State { results: Found[]; next: Next; scanned: number; isLooking: boolean; isFresh: boolean; error: unknown }
const NOTHING: State = { results: [], next: {}, scanned: 0, isLooking: false, isFresh: false, error: null };

/** Goes on from page to page until there are enough results, and shows what it has meanwhile. Ends when somebody looks for something else. */
function useSearch(target: ((at: Next) => string) | null, depends: unknown[]) {
  const [state, setState] = useState<State>(NOTHING);
  const abort = useRef(new AbortController());
  const look = async (from: Next, begun: Found[], scannedBefore: number) => {
    abort.current.abort();
    if (!target) { setState({ ...NOTHING, isFresh: true }); return; }
    const { signal } = abort.current = new AbortController();
    setState((before) => ({ ...before, isLooking: true, error: null }));
    let [results, next, scanned] = [begun, from, scannedBefore];
    try {
      for (let pages = 1; ; pages++) {
        const page = await json<FoundPage>(target(next), { signal });
        if (signal.aborted) return;
        results = [...results, ...page.results];
        next = { next: page.next, after: page.after };
        if (page.results.length < WANTED) scanned++;
        const goesOn = next.after !== undefined && results.length - begun.length < WANTED && pages < PAGES;
        setState({ results, next, scanned, isLooking: goesOn, isFresh: true, error: null });
        if (!goesOn) return;
      }
    } catch (error) {
      if (!signal.aborted) setState({ results, next, scanned, isLooking: false, isFresh: true, error });
    }
  };
  useEffect(() => {
    setState((before) => ({ ...before, next: {}, scanned: 0, isFresh: false }));
    void look({}, [], 0);
    return () => abort.current.abort();
  }, depends);
  return {
    ...state,
    more: () => void look(state.next, state.results, state.scanned),
    stop: () => { abort.current.abort(); setState((before) => ({ ...before, isLooking: false })); },
  };
}

export function SearchPage() {
  const { query: asked } = route.value;
  const where = useListContext();
  const [text, setText] = useState(asked.get('q') ?? '');
  const by = asked.get('by') ?? '';
  const type = asked.get('type') ?? '';
  const deleted = asked.get('deleted') === 'true';
  const [compatibility, since, until] = [asked.get('compatibility') ?? '', asked.get('since') ?? '', asked.get('until') ?? ''];
  const [author, setAuthor] = useState(asked.get('author') ?? '');
  const settledAuthor = useSettled(author.trim(), 300);
  useEffect(() => { refine({ author: settledAuthor }); }, [settledAuthor]);
  const settled = useSettled(text.trim(), 30, true);
  useEffect(() => { refine({ q: settled }); }, [settled]);
  const asks = Boolean(settled || compatibility || since || until || settledAuthor || type || where);
  const target = ({ next: offset, after }: Next) => `accordant/v1/search${query({ q: settled, by: settled ? by : '', type, deleted, compatibility, since, until: dayAfter(until), author: settledAuthor, context: where, offset, after, limit: WANTED })}`;
  const found = useSearch(asks ? target : null, [settled, by, type, deleted, compatibility, since, until, settledAuthor, where, asks]);
  const { results, next } = found;
  const hasMore = next.next !== undefined || next.after !== undefined;
  return (
    <Page title="Search" lead="Names of subjects, types and fields, tags, metadata, descriptions, ids and guids.">
      <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <input class="grow" type="search" value={text} aria-label="Search for" placeholder="customer id" spellcheck={false} autofocus onInput={(event) => setText(event.currentTarget.value)} />
        <Select label="Found by" value={by} options={[['', 'by anything'], ['subject', 'by subject'], ['name', 'by type name'], ['field', 'by field'], ['label', 'by tag or metadata'], ['text', 'anywhere'], ['id', 'by id'], ['guid', 'by guid']]} onChange={(value) => refine({ by: value })} />
        <Select label="Format" value={type} options={[['', 'all formats'], ['AVRO', 'Avro'], ['JSON', 'JSON Schema'], ['PROTOBUF', 'Protobuf']]} onChange={(value) => refine({ type: value })} />
        <label class="check"><input type="checkbox" checked={deleted} onChange={(event) => refine({ deleted: event.currentTarget.checked })} /> deleted too</label>
        <Select label="Compatibility" value={compatibility} options={[['', 'any level'], ...LEVELS]} onChange={(value) => refine({ compatibility: value })} />
        <label class="check">registered from <input type="date" value={since} onChange={(event) => refine({ since: event.currentTarget.value })} /></label>
        <label class="check">to <input type="date" value={until} onChange={(event) => refine({ until: event.currentTarget.value })} /></label>
        {may('AUDIT_READ') && <input value={author} aria-label="Registered by" placeholder="by user:alice" spellcheck={false} onInput={(event) => setAuthor(event.currentTarget.value)} />}
      </form>
      <Failure error={found.error} />
      {!asks && <Empty title="What are you looking for?"><p>All words must be there; each may be the beginning of one. <code>customer_id</code>, <code>customerId</code> and <code>customer id</code> find the same fields.</p></Empty>}
      {asks && found.isLooking && !found.isFresh && results.length === 0 && <Busy what="Searching" />}
      {asks && found.isFresh && !found.isLooking && !found.error && results.length === 0 && !hasMore && <Empty title="Nothing is like that."><p>Try fewer or shorter words, other filters, another context, or what is deleted.</p></Empty>}
      {results.length > 0 && (
        <>
          <ol class="results" aria-label="Results">
            {results.map((result) => (
              <li key={`${result.subject} ${result.version}`}>
                <div class="result-head">
                  <a href={versionLink(result.subject, result.version)}><SubjectName subject={result.subject} plain /></a>
                  <Type type={result.schemaType} />
                  <span class="dim">v{result.version} · id {result.id} · {time(result.registeredAt)}{result.matchingVersions > 1 ? ` · in ${result.matchingVersions} versions` : ''}</span>
                  {result.deleted && <span class="tag bad">deleted</span>}
                  <span class="dim small">{WORDS[result.matched] ?? result.matched}</span>
                </div>
                {result.matches.length > 0 && (
                  <ul class="matches">
                    {result.matches.map((match) => <li key={match.path}><span class="dim">{match.kind}</span> <T class="mono">{match.path || match.name}</T> {match.type && <T class="mono dim">{match.type}</T>}</li>)}
                  </ul>
                )}
              </li>
            ))}
          </ol>
        </>
      )}
      {found.isLooking && found.scanned > 0 && (
        <p class="bar"><span role="status">Looking further back: {plural(results.length, 'subject')} found in up to {count(found.scanned * LOOKED_AT)} versions so far …</span> <button type="button" onClick={found.stop}>Stop</button></p>
      )}
      {!found.isLooking && hasMore && (
        <p class="bar"><button type="button" onClick={found.more}>{next.after !== undefined && found.scanned > 0 ? 'Look further back' : 'More'}</button>
          {next.after !== undefined && found.scanned > 0 && <span class="dim">{plural(results.length, 'subject')} found in up to {count(found.scanned * LOOKED_AT)} versions.</span>}</p>
      )}
    </Page>
  );
}
