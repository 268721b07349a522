import { useEffect, useState } from 'preact/hooks';
import { json, query } from '../api';
import { Busy, Empty, Failure, Field, Page, Select, SubjectName, T } from '../components/basic';
import { useLoad, useSettled } from '../components/hooks';
import { refine, route, versionLink } from '../router';
import { time } from '../text';

interface Entry { position: number; at?: string; operation?: string; actor?: string; login?: string; address?: string; userAgent?: string; requestId?: string; reason?: string; subject?: string; version?: number; id?: number; details?: unknown; unreadable?: boolean; hash?: string }
interface Entries { entries: Entry[]; next?: number }

const OPERATIONS = ['schema.registered', 'schema.imported', 'schema.deleted', 'schema.purged', 'config.set', 'config.deleted', 'mode.set', 'mode.deleted', 'alias.set', 'alias.deleted', 'type.set', 'type.deleted', 'association.set', 'association.deleted', 'kek.set', 'kek.deleted', 'dek.set', 'dek.deleted', 'context.deleted'];

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
  const [more, setMore] = useState<Entry[]>([]);
  const [next, setNext] = useState<number | undefined>();
  useEffect(() => { setMore([]); setNext(found.value?.next); }, [found.value]);
  const entries = [...(found.value?.entries ?? []), ...more];
  return (
    <Page title="Audit" lead="Who changed what, when, from where and why, the newest first. Each entry is sealed into a chain of hashes.">
      <div class="filters wrap-fields">
        <Field label="Subject"><input value={subject} spellcheck={false} onInput={(event) => setSubject(event.currentTarget.value)} /></Field>
        <Field label="Who"><input value={actor} spellcheck={false} placeholder="user:alice" onInput={(event) => setActor(event.currentTarget.value)} /></Field>
        <Field label="What"><Select value={operation} options={[['', 'anything'], ...OPERATIONS]} onChange={(value) => refine({ operation: value })} /></Field>
        <Field label="From"><input type="date" value={since} onChange={(event) => refine({ since: event.currentTarget.value })} /></Field>
        <Field label="Until"><input type="date" value={until} onChange={(event) => refine({ until: event.currentTarget.value })} /></Field>
      </div>
      <Failure error={found.error} />
      {found.loading && !found.value && <Busy />}
      {found.value && entries.length === 0 && next === undefined && <Empty title="There is no entry like that." />}
      {entries.length > 0 && (
        <div class="scroll" tabIndex={0} role="group" aria-label="Entries"><table class="stacked">
          <thead><tr><th class="num">No.</th><th>When</th><th>What</th><th>On</th><th>Who</th><th>From</th><th>Why</th></tr></thead>
          <tbody>
            {entries.map((entry) => (
              <tr key={entry.position}>
                <td class="num dim">{entry.position}</td>
                {entry.unreadable ? <td colSpan={6}><span class="tag bad">not an entry: somebody else wrote it</span></td> : <>
                  <td class="dim nowrap">{time(entry.at)}</td>
                  <td class="nowrap">{entry.operation}</td>
                  <td>{entry.subject ? <SubjectName subject={entry.subject} /> : <span class="dim">the registry</span>} {entry.version !== undefined && entry.subject && <a class="dim" href={versionLink(entry.subject, entry.version)}>v{entry.version}</a>}</td>
                  <td><T>{entry.actor}</T></td>
                  <td class="dim small"><T>{entry.address ?? ''}</T></td>
                  <td class="wrap"><T>{entry.reason ?? ''}</T></td>
                </>}
              </tr>
            ))}
          </tbody>
        </table></div>
      )}
      {next !== undefined && <p><button type="button" onClick={async () => {
        const page = await json<Entries>(target(next));
        setMore((before) => [...before, ...page.entries]);
        setNext(page.next);
      }}>Older</button></p>}
    </Page>
  );
}
