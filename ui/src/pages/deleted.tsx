import { useState } from 'preact/hooks';
import { type Version, enc, json, query, request } from '../api';
import { Busy, ConfirmByName, Empty, Failure, Page, SubjectName, T, Type } from '../components/basic';
import { useLoad } from '../components/hooks';
import { Consequences } from '../components/referrers';
import { restore as register } from '../components/restore';
import { useListContext, may } from '../session';
import { time } from '../text';

const MOST = 200;

interface Gone { subject: string; versions: number[]; last: Version | null; referrers: number }

async function lookAt(subject: string, signal: AbortSignal): Promise<Gone> {
  const versions = await json<number[]>(`subjects/${enc(subject)}/versions?deletedOnly=true`, { signal });
  const last = versions[versions.length - 1];
  const version = last === undefined ? null : await json<Version>(`subjects/${enc(subject)}/versions/${last}?deleted=true`, { signal });
  const referring = await Promise.all(versions.slice(-20).map((number) => json<number[]>(`subjects/${enc(subject)}/versions/${number}/referencedby`, { signal }).catch(() => [])));
  return { subject, versions, last: version && { ...version, subject }, referrers: new Set(referring.flat()).size };
}

export function DeletedPage() {
  const where = useListContext();
  const subjectPrefix = where === '' ? ':*:' : where === '.' ? '' : `:${where}:`;
  const list = useLoad(async (signal) => {
    const names = await json<string[]>(`subjects${query({ deletedOnly: true, limit: MOST })}&subjectPrefix=${enc(subjectPrefix)}`, { signal });
    return { names, rows: await Promise.all(names.slice(0, MOST).map((name) => lookAt(name, signal))) };
  }, [where]);
  const [gone, setGone] = useState<Gone | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [done, setDone] = useState<string | null>(null);
  const restore = async (entry: Gone) => {
    setError(null);
    setDone(null);
    if (!entry.last) return;
    try {
      const version = await register(entry.last);
      setDone(`${entry.subject} is back${version ? `, its schema as version ${version}` : ''}.`);
      list.reload();
    } catch (failed) { setError(failed); }
  };
  const purge = async (reason: string) => {
    if (!gone) return;
    await request(`subjects/${enc(gone.subject)}?permanent=true`, { method: 'DELETE', reason });
    setDone(`${gone.subject} is gone for good.`);
    list.reload();
  };
  return (
    <Page title="Deleted" lead="Soft-deleted subjects are still there: their ids are answered, so data that was written stays readable. Deleted for good, they are not.">
      <Failure error={list.error ?? error} />
      {done && <p class="notice good" role="status"><T>{done}</T></p>}
      {list.loading && !list.value && <Busy />}
      {list.value?.rows.length === 0 && <Empty title="Nothing is soft-deleted."><p>Subjects that are deleted stay here until they are restored or deleted for good.</p></Empty>}
      {list.value && list.value.rows.length > 0 && (
        <div class="scroll">
          <table>
            <thead><tr><th>Subject</th><th class="wide-only">Format</th><th class="num">Versions</th><th class="wide-only">Last registered</th><th class="num wide-only">Referred to by</th><th><span class="sr">Actions</span></th></tr></thead>
            <tbody>
              {list.value.rows.map((entry) => (
                <tr key={entry.subject}>
                  <td><SubjectName subject={entry.subject} /></td>
                  <td class="wide-only">{entry.last && <Type type={entry.last.schemaType} />}</td>
                  <td class="num">{entry.versions.length}</td>
                  <td class="dim wide-only">{time(entry.last?.ts)}</td>
                  <td class="num wide-only">{entry.referrers || '–'}</td>
                  <td class="row-actions">
                    {may('SUBJECT_WRITE', entry.subject) && <button type="button" onClick={() => restore(entry)}>Restore</button>}
                    {may('SUBJECT_DELETE', entry.subject) && <button type="button" class="quiet danger-text" onClick={() => setGone(entry)}>Delete for good</button>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {list.value && list.value.names.length >= MOST && <p class="dim">The first {MOST} are shown.</p>}
      <ConfirmByName title="Delete for good" verb="Delete for good" name={gone?.subject ?? ''} open={gone !== null} onClose={() => setGone(null)} onConfirm={purge}>
        <p>{gone?.versions.length === 1 ? 'Its one version is' : `All ${gone?.versions.length ?? ''} versions are`} removed, with the settings of the subject. Ids that nothing else holds stand for nothing any more: data that was written with them can no longer be read.</p>
        {gone && <Consequences subject={gone.subject} versions={gone.versions} />}
      </ConfirmByName>
    </Page>
  );
}
