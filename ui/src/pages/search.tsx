import { useEffect, useState } from 'preact/hooks';
import { type SchemaType, json, query } from '../api';
import { Busy, Empty, Failure, Page, Select, SubjectName, T, Type } from '../components/basic';
import { LEVELS } from '../components/effective';
import { useLoad, useSettled } from '../components/hooks';
import { refine, route, versionLink } from '../router';
import { context, may } from '../session';
import { time } from '../text';

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

/** Pages that are asked for so that one is full: a filter that fits little gives pages with little on them. */
const PAGES = 10;

async function fullPage(target: (at: Next) => string, from: Next, signal?: AbortSignal): Promise<FoundPage> {
  const page: FoundPage = { ...await json<FoundPage>(target(from), { signal }) };
  for (let at = 1; at < PAGES && page.after !== undefined && page.results.length < 30; at++) {
    const more = await json<FoundPage>(target({ after: page.after }), { signal });
    page.results = [...page.results, ...more.results];
    page.after = more.after;
  }
  return page;
}

export function SearchPage() {
  const { query: asked } = route.value;
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
  const [more, setMore] = useState<Found[]>([]);
  const [next, setNext] = useState<Next>({});
  const asks = Boolean(settled || compatibility || since || until || settledAuthor || type || context.value);
  const target = ({ next: offset, after }: Next) => `accordant/v1/search${query({ q: settled, by: settled ? by : '', type, deleted, compatibility, since, until: dayAfter(until), author: settledAuthor, context: context.value, offset, after, limit: 30 })}`;
  const found = useLoad<FoundPage | null>((signal) => (asks ? fullPage(target, {}, signal) : Promise.resolve(null)), [settled, by, type, deleted, compatibility, since, until, settledAuthor, context.value]);
  useEffect(() => { setMore([]); setNext(found.value ?? {}); }, [found.value]);
  const [isLoading, setLoading] = useState(false);
  const loadMore = async () => {
    setLoading(true);
    try {
      const page = await fullPage(target, next);
      setMore((before) => [...before, ...page.results]);
      setNext(page);
    } finally { setLoading(false); }
  };
  const results = [...(found.value?.results ?? []), ...more];
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
      {asks && found.loading && !found.value && <Busy what="Searching" />}
      {asks && found.value && results.length === 0 && next.after === undefined && <Empty title="Nothing is like that."><p>Try fewer or shorter words, other filters, another context, or what is deleted.</p></Empty>}
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
      {(next.next !== undefined || next.after !== undefined) && <p><button type="button" disabled={isLoading} onClick={loadMore}>{results.length === 0 ? 'Look further back' : 'More'}</button></p>}
    </Page>
  );
}
