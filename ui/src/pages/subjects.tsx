import { useEffect, useState } from 'preact/hooks';
import { type Version, enc, json, query } from '../api';
import { Empty, Page, SubjectName, Type } from '../components/basic';
import { useLoad, useSettled } from '../components/hooks';
import { LongList } from '../components/list';
import { href, refine, route } from '../router';
import { useListContext, may } from '../session';
import { count, time } from '../text';

interface Statistics { liveSubjects: number; subjects: number }

/** The latest version of what is in sight, asked for once. */
const latest = new Map<string, Promise<Version | null>>();
const MOST = 2000;
function latestOf(subject: string): Promise<Version | null> {
  let found = latest.get(subject);
  if (!found) {
    if (latest.size > MOST) latest.clear();
    found = json<Version>(`subjects/${enc(subject)}/versions/latest`).then((version) => ({ ...version, schema: '' }), () => null);
    latest.set(subject, found);
  }
  return found;
}

function Row({ subject, deleted }: { subject: string; deleted: boolean }) {
  const [version, setVersion] = useState<Version | null>(null);
  useEffect(() => {
    let gone = false;
    const timer = setTimeout(() => { latestOf(subject).then((found) => { if (!gone) setVersion(found); }); }, 80);
    return () => { gone = true; clearTimeout(timer); };
  }, [subject]);
  return (
    <div class="subject-row">
      <SubjectName subject={subject} />
      <span>{version ? <Type type={version.schemaType} /> : deleted ? <span class="tag">deleted</span> : null}</span>
      <span class="num">{version ? `v${version.version}` : ''}</span>
      <span class="num dim">{version ? count(version.id) : ''}</span>
      <span class="dim when">{version ? time(version.ts) : ''}</span>
    </div>
  );
}

export function SubjectsPage() {
  const { query: asked } = route.value;
  const [prefix, setPrefix] = useState(asked.get('prefix') ?? '');
  const deleted = asked.get('deleted') === 'true';
  // on the way here something may have been registered
  useState(() => latest.clear());
  const settled = useSettled(prefix, 200);
  useEffect(() => { refine({ prefix: settled }); }, [settled]);
  const where = useListContext();
  const subjectPrefix = where === '' ? `:*:${settled}` : where === '.' ? settled : `:${where}:${settled}`;
  const statistics = useLoad((signal) => json<Statistics>('accordant/v1/statistics', { signal }).catch(() => null), []);
  const total = where === '' && settled === '' ? (deleted ? statistics.value?.subjects : statistics.value?.liveSubjects) : undefined;
  const load = (offset: number, limit: number, signal: AbortSignal) =>
    json<string[]>(`subjects${query({ subjectPrefix, deleted, offset, limit })}`, { signal });
  return (
    <Page title="Subjects" lead={total !== undefined ? `${count(total)} in all contexts` : undefined}
      actions={may('SUBJECT_WRITE') ? <a class="button primary" href={href(['edit'])}>New subject</a> : undefined}>
      <div class="filters">
        <input class="grow" value={prefix} placeholder="Name begins with" aria-label="Name begins with" spellcheck={false} onInput={(event) => setPrefix(event.currentTarget.value)} />
        <label class="check"><input type="checkbox" checked={deleted} onChange={(event) => refine({ deleted: event.currentTarget.checked })} /> deleted too</label>
        {prefix && <a class="button" href={href(['search'], { q: prefix })}>Search in schemas</a>}
      </div>
      <LongList key_={`${subjectPrefix} ${deleted}`} load={load} total={total} label="Subjects"
        head={<div class="subject-row head"><span>Subject</span><span>Format</span><span class="num">Latest</span><span class="num">Id</span><span class="when">Registered</span></div>}
        row={(subject) => <Row key={subject} subject={subject} deleted={deleted} />}
        empty={settled || where
          ? <Empty title="No subject begins like that."><p><a href={href(['search'], { q: settled })}>Search names, fields and descriptions for it</a>, or change the context above.</p></Empty>
          : <Empty title="There are no subjects yet."><p>A producer that registers schemas fills this list by itself. <a href={href(['edit'])}>Register one by hand</a>.</p></Empty>} />
    </Page>
  );
}
