import { useEffect, useState } from 'preact/hooks';
import { type SchemaType, json, query } from '../api';
import { Busy, Empty, Failure, Page, Select, SubjectName, T, Type } from '../components/basic';
import { useLoad, useSettled } from '../components/hooks';
import { refine, route, versionLink } from '../router';
import { context } from '../session';

export interface Found {
  subject: string;
  version: number;
  id: number;
  guid: string;
  schemaType: SchemaType;
  deleted: boolean;
  matched: string;
  matchingVersions: number;
  matches: { kind: string; path: string; name: string; type?: string; line?: number; column?: number }[];
}
export interface FoundPage { results: Found[]; next?: number }

const WORDS: Record<string, string> = {
  id: 'id', guid: 'guid', subject: 'name of the subject', name: 'name of a type', field: 'field', label: 'tag or metadata', text: 'description or several places',
};

export function SearchPage() {
  const { query: asked } = route.value;
  const [text, setText] = useState(asked.get('q') ?? '');
  const by = asked.get('by') ?? '';
  const type = asked.get('type') ?? '';
  const deleted = asked.get('deleted') === 'true';
  const settled = useSettled(text.trim(), 70);
  useEffect(() => { refine({ q: settled }); }, [settled]);
  const [more, setMore] = useState<Found[]>([]);
  const [next, setNext] = useState<number | undefined>();
  const target = (offset: number) => `accordant/v1/search${query({ q: settled, by, type, deleted, context: context.value, offset, limit: 30 })}`;
  const found = useLoad<FoundPage | null>((signal) => (settled ? json<FoundPage>(target(0), { signal }) : Promise.resolve(null)), [settled, by, type, deleted, context.value]);
  useEffect(() => { setMore([]); setNext(found.value?.next); }, [found.value]);
  const loadMore = async () => {
    if (next === undefined) return;
    const page = await json<FoundPage>(target(next));
    setMore((before) => [...before, ...page.results]);
    setNext(page.next);
  };
  const results = [...(found.value?.results ?? []), ...more];
  return (
    <Page title="Search" lead="Names of subjects, types and fields, tags, metadata, descriptions, ids and guids.">
      <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <input class="grow" type="search" value={text} aria-label="Search for" placeholder="customer id" spellcheck={false} autofocus onInput={(event) => setText(event.currentTarget.value)} />
        <Select label="Found by" value={by} options={[['', 'by anything'], ['subject', 'by subject'], ['name', 'by type name'], ['field', 'by field'], ['label', 'by tag or metadata'], ['text', 'anywhere'], ['id', 'by id'], ['guid', 'by guid']]} onChange={(value) => refine({ by: value })} />
        <Select label="Format" value={type} options={[['', 'all formats'], ['AVRO', 'Avro'], ['JSON', 'JSON Schema'], ['PROTOBUF', 'Protobuf']]} onChange={(value) => refine({ type: value })} />
        <label class="check"><input type="checkbox" checked={deleted} onChange={(event) => refine({ deleted: event.currentTarget.checked })} /> deleted too</label>
      </form>
      <Failure error={found.error} />
      {!settled && <Empty title="What are you looking for?"><p>All words must be there; each may be the beginning of one. <code>customer_id</code>, <code>customerId</code> and <code>customer id</code> find the same fields.</p></Empty>}
      {settled && found.loading && !found.value && <Busy what="Searching" />}
      {settled && found.value && results.length === 0 && <Empty title="Nothing has these words."><p>Try fewer or shorter words, another context, or what is deleted.</p></Empty>}
      {results.length > 0 && (
        <>
          <ol class="results" aria-label="Results">
            {results.map((result) => (
              <li key={`${result.subject} ${result.version}`}>
                <div class="result-head">
                  <a href={versionLink(result.subject, result.version)}><SubjectName subject={result.subject} plain /></a>
                  <Type type={result.schemaType} />
                  <span class="dim">v{result.version} · id {result.id}{result.matchingVersions > 1 ? ` · in ${result.matchingVersions} versions` : ''}</span>
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
          {next !== undefined && <p><button type="button" onClick={loadMore}>More</button></p>}
        </>
      )}
    </Page>
  );
}
