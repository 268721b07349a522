import { Fragment } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { json, query } from '../api';
import { Busy, DataList, Empty, Failure, Field, Page, Select, SubjectName, T } from '../components/basic';
import { useLoad, useSettled } from '../components/hooks';
import { SubjectInput } from '../components/subject-input';
import { refine, route, versionLink } from '../router';
import { time } from '../text';

interface Entry { position: number; at?: string; operation?: string; actor?: string; login?: string; address?: string; userAgent?: string; requestId?: string; reason?: string; subject?: string; version?: number; id?: number; details?: unknown; unreadable?: boolean; hash?: string }
interface Entries { entries: Entry[]; next?: number }

const OPERATIONS = [
  'schema.registered', 'schema.imported', 'schema.deleted', 'schema.purged', 'config.set', 'config.deleted', 'mode.set', 'mode.deleted',
  'context.deleted', 'association.set', 'association.deleted', 'alias.set', 'alias.deleted', 'type.set', 'type.deleted', 'kek.set', 'kek.deleted',
  'kek.undeleted', 'kek.purged', 'dek.set', 'dek.deleted', 'dek.undeleted', 'dek.purged', 'exporter.set', 'exporter.deleted', 'exporter.paused',
  'exporter.resumed', 'exporter.reset', 'importer.set', 'importer.deleted', 'importer.paused', 'importer.resumed', 'importer.reset', 'write.denied',
  'login.failed', 'audit.pruned',
];

export function AuditPage() {
  const { query: asked } = route.value;
  const [subject, setSubject] = useState(asked.get('subject') ?? '');
  const [actor, setActor] = useState(asked.get('actor') ?? '');
  const operation = asked.get('operation') ?? '';
  const since = asked.get('since') ?? '';
  const until = asked.get('until') ?? '';
  const filters = useSettled(`${subject.trim()}\n${actor.trim()}`, 300);
  const [ofSubject, ofActor] = filters.split('\n');
  useEffect(() => { refine({ subject: ofSubject, actor: ofActor }); }, [filters]);
  const target = (after?: number) => `accordant/v1/audit${query({ subject: ofSubject, actor: ofActor, operation, since, until, order: 'desc', limit: 100, after })}`;
  const found = useLoad((signal) => json<Entries>(target(), { signal }), [filters, operation, since, until]);
  const [open, setOpen] = useState<number | null>(null);
  const [failed, setFailed] = useState<unknown>(null);
  const [more, setMore] = useState<Entry[]>([]);
  const [next, setNext] = useState<number | undefined>();
  useEffect(() => { setMore([]); setFailed(null); setNext(found.value?.next); }, [found.value]);
  const entries = [...(found.value?.entries ?? []), ...more];
  return (
    <Page title="Audit" lead="Who changed what, when, from where and why, the newest first. Each entry is sealed into a chain of hashes.">
      <div class="filters wrap-fields">
        <Field label="Subject"><SubjectInput value={subject} onInput={setSubject} /></Field>
        <Field label="Who"><input value={actor} spellcheck={false} placeholder="user:alice" onInput={(event) => setActor(event.currentTarget.value)} /></Field>
        <Field label="What"><Select value={operation} options={[['', 'anything'], ...OPERATIONS]} onChange={(value) => refine({ operation: value })} /></Field>
        <Field label="From"><input type="date" value={since} onChange={(event) => refine({ since: event.currentTarget.value })} /></Field>
        <Field label="Until"><input type="date" value={until} onChange={(event) => refine({ until: event.currentTarget.value })} /></Field>
      </div>
      <Failure error={found.error ?? failed} />
      {found.loading && !found.value && <Busy />}
      {found.value && entries.length === 0 && next === undefined && <Empty title="There is no entry like that." />}
      {entries.length > 0 && (
        <div class="scroll" tabIndex={0} role="group" aria-label="Entries"><table class="stacked">
          <thead><tr><th class="num">No.</th><th>When</th><th>What</th><th>On</th><th>Who</th><th>From</th><th>Why</th><th><span class="sr">More</span></th></tr></thead>
          <tbody>
            {entries.map((entry) => (<Fragment key={entry.position}>
              <tr class={open === entry.position ? 'opened' : ''}>
                <td class="num dim">{entry.position}</td>
                {entry.unreadable ? <td colSpan={7}><span class="tag bad">not an entry: somebody else wrote it</span></td> : <>
                  <td class="dim nowrap">{time(entry.at)}</td>
                  <td class="nowrap">{entry.operation}</td>
                  <td>{entry.subject ? <SubjectName subject={entry.subject} /> : <span class="dim">the registry</span>} {entry.version !== undefined && entry.subject && <a class="dim" href={versionLink(entry.subject, entry.version)}>v{entry.version}</a>}</td>
                  <td><T>{entry.actor}</T></td>
                  <td class="dim small"><T>{entry.address ?? ''}</T></td>
                  <td class="wrap"><T>{entry.reason ?? ''}</T></td>
                  <td class="row-actions"><button type="button" class="link" aria-expanded={open === entry.position} aria-label={`${open === entry.position ? 'less' : 'more'} of entry ${entry.position}`} onClick={() => setOpen(open === entry.position ? null : entry.position)}>{open === entry.position ? 'less' : 'more'}</button></td>
                </>}
              </tr>
              {open === entry.position && <tr><td colSpan={8} class="wrap"><More entry={entry} /></td></tr>}
            </Fragment>))}
          </tbody>
        </table></div>
      )}
      {next !== undefined && <p><button type="button" onClick={async () => {
        setFailed(null);
        try {
          const page = await json<Entries>(target(next));
          setMore((before) => [...before, ...page.entries]);
          setNext(page.next);
        } catch (error) { setFailed(error); }
      }}>Older</button></p>}
    </Page>
  );
}

/** What an entry says beside what stands in its row. */
const IN_ROW = new Set(['position', 'at', 'operation', 'subject', 'version', 'actor', 'address', 'reason', 'unreadable']);
const LABELS: Record<string, string> = { login: 'Login', userAgent: 'Client', requestId: 'Request', id: 'Id', guidBefore: 'Guid before', guidAfter: 'Guid after', details: 'Details', hash: 'Hash' };

function More({ entry }: { entry: Entry }) {
  const own = Object.entries(entry).filter(([key, value]) => !IN_ROW.has(key) && value !== null && value !== '');
  if (own.length === 0) return <p class="dim">There is nothing more.</p>;
  return <DataList items={own.map(([key, value]) => [LABELS[key] ?? key, typeof value === 'object' ? <pre class="raw" tabIndex={0}>{JSON.stringify(value, null, 2)}</pre> : <T class="mono wrap">{String(value)}</T>])} />;
}
