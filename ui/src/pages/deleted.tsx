import { useEffect, useState } from 'preact/hooks';
import { type Version, enc, json, query, request } from '../api';
import { Busy, ConfirmByName, Empty, Failure, Page, SubjectName, T, Type } from '../components/basic';
import { useLoad } from '../components/hooks';
import { Consequences } from '../components/referrers';
import { restore } from '../components/restore';
import { may, useListContext } from '../session';
import { count, time } from '../text';

/** Subjects that are asked for at once. */
const PAGE = 50;
/** Versions whose referrers are counted, the newest ones. */
const COUNTED = 20;

interface Gone { versions: number[]; last: Version | null; referrers: number }

async function lookAt(subject: string, signal: AbortSignal): Promise<Gone> {
  const versions = await json<number[]>(`subjects/${enc(subject)}/versions?deletedOnly=true`, { signal });
  const last = versions[versions.length - 1];
  const [version, ...referring] = await Promise.all([
    last === undefined ? null : json<Version>(`subjects/${enc(subject)}/versions/${last}?deleted=true`, { signal }),
    ...versions.slice(-COUNTED).map((number) => json<number[]>(`subjects/${enc(subject)}/versions/${number}/referencedby`, { signal }).catch(() => [])),
  ]);
  return { versions, last: version && { ...version, subject }, referrers: new Set(referring.flat()).size };
}

function Row({ subject, onRestore, onPurge }: { subject: string; onRestore: (last: Version) => void; onPurge: (versions: number[]) => void }) {
  const { value, error } = useLoad((signal) => lookAt(subject, signal), [subject]);
  return (
    <tr>
      <td class="wrap"><SubjectName subject={subject} /></td>
      <td>{value?.last && <Type type={value.last.schemaType} />}</td>
      <td class="num">{value ? count(value.versions.length) : error ? '–' : '…'}<span class="phone-only"> {value?.versions.length === 1 ? 'version' : 'versions'}</span></td>
      <td class="dim">{time(value?.last?.ts)}</td>
      <td class="num"><span class="phone-only">referred to by: </span>{value?.referrers || '–'}</td>
      <td class="row-actions">
        {may('SUBJECT_WRITE', subject) && <button type="button" disabled={!value?.last} onClick={() => { if (value?.last) onRestore(value.last); }}>Restore</button>}
        {may('SUBJECT_DELETE', subject) && <button type="button" class="quiet danger-text" disabled={!value} onClick={() => { if (value) onPurge(value.versions); }}>Delete for good</button>}
      </td>
    </tr>
  );
}

export function DeletedPage() {
  const where = useListContext();
  const subjectPrefix = where === '' ? ':*:' : where === '.' ? '' : `:${where}:`;
  const ask = (offset: number, signal?: AbortSignal) => json<string[]>(`subjects${query({ deletedOnly: true, offset, limit: PAGE })}&subjectPrefix=${enc(subjectPrefix)}`, { signal });
  const list = useLoad((signal) => ask(0, signal), [where]);
  const [more, setMore] = useState<string[]>([]);
  const [isWhole, setWhole] = useState(true);
  useEffect(() => { setMore([]); setWhole((list.value?.length ?? 0) < PAGE); }, [list.value]);
  const [gone, setGone] = useState<{ subject: string; versions: number[] } | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [done, setDone] = useState<string | null>(null);
  const names = [...(list.value ?? []), ...more];
  /** The row goes, and what had the focus with it. */
  const say = (what: string) => {
    setDone(what);
    list.reload();
    document.getElementById('main')?.focus({ preventScroll: true });
  };
  const bringBack = async (last: Version) => {
    setError(null);
    setDone(null);
    try {
      const version = await restore(last);
      say(`${last.subject} is back${version ? `, its schema as version ${version}` : ''}.`);
    } catch (failed) { setError(failed); }
  };
  const purge = async (reason: string) => {
    if (!gone) return;
    await request(`subjects/${enc(gone.subject)}?permanent=true`, { method: 'DELETE', reason });
    say(`${gone.subject} is gone for good.`);
  };
  const loadMore = async () => {
    setError(null);
    try {
      const next = await ask(names.length);
      setMore((before) => [...before, ...next]);
      setWhole(next.length < PAGE);
    } catch (failed) { setError(failed); }
  };
  return (
    <Page title="Deleted" lead="Soft-deleted subjects are still there: their ids are answered, so data that was written stays readable. Deleted for good, they are not.">
      <Failure error={list.error ?? error} />
      {done && <p class="notice good" role="status"><T>{done}</T></p>}
      {list.loading && !list.value && <Busy />}
      {list.value?.length === 0 && <Empty title="Nothing is soft-deleted."><p>Subjects that are deleted stay here until they are restored or deleted for good.</p></Empty>}
      {names.length > 0 && (
        <div class="scroll">
          <table class="stacked">
            <thead><tr><th>Subject</th><th>Format</th><th class="num">Versions</th><th>Last registered</th><th class="num">Referred to by</th><th><span class="sr">Actions</span></th></tr></thead>
            <tbody>{names.map((subject) => <Row key={subject} subject={subject} onRestore={bringBack} onPurge={(versions) => setGone({ subject, versions })} />)}</tbody>
          </table>
        </div>
      )}
      {!isWhole && <p><button type="button" onClick={loadMore}>More</button></p>}
      <ConfirmByName title="Delete for good" verb="Delete for good" name={gone?.subject ?? ''} open={gone !== null} onClose={() => setGone(null)} onConfirm={purge}>
        <p>{gone?.versions.length === 1 ? 'Its one version is' : `All ${gone?.versions.length ?? ''} versions are`} removed, with the settings of the subject. Ids that nothing else holds stand for nothing any more: data that was written with them can no longer be read.</p>
        {gone && <Consequences subject={gone.subject} versions={gone.versions} />}
      </ConfirmByName>
    </Page>
  );
}
