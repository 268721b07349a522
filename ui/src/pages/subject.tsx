import { useState } from 'preact/hooks';
import { type Config, type Version, enc, json, query, request } from '../api';
import { Busy, ConfirmByName, Copy, Empty, Failure, Page, Section, SubjectName, T, Type } from '../components/basic';
import { EffectiveSettings } from '../components/effective';
import { Contract } from '../components/contract';
import { Graph } from '../components/graph';
import { useLoad } from '../components/hooks';
import { Consequences } from '../components/referrers';
import { UsageSection } from '../components/usage';
import { go, href, versionLink } from '../router';
import { may } from '../session';
import { count, parts, plural, time } from '../text';

interface Entry { position: number; at: string; operation: string; actor?: string; reason?: string; version?: number; id?: number }
interface History { entries: Entry[]; next?: number }

const DONE: Record<string, string> = {
  'schema.registered': 'registered', 'schema.imported': 'imported', 'schema.deleted': 'soft-deleted', 'schema.purged': 'deleted for good',
  'config.set': 'config set', 'config.deleted': 'config removed', 'mode.set': 'mode set', 'mode.deleted': 'mode removed',
  'alias.set': 'URI alias set', 'alias.deleted': 'URI alias removed', 'type.set': 'event type bound', 'type.deleted': 'event type unbound',
  'association.set': 'association set', 'association.deleted': 'association removed', 'dek.set': 'DEK set', 'dek.deleted': 'DEK deleted',
};

/** Entries of the history that are asked for at once: they say when versions came, too. */
const AT_ONCE = 100;
const SHOWN = 30;

export function SubjectPage({ subject }: { subject: string }) {
  const versions = useLoad(async (signal) => {
    const [all, live] = await Promise.all([
      json<number[]>(`subjects/${enc(subject)}/versions?deleted=true`, { signal }),
      json<number[]>(`subjects/${enc(subject)}/versions`, { signal }).catch(() => [] as number[]),
    ]);
    const last = live[live.length - 1] ?? all[all.length - 1];
    const latest = last === undefined ? null : await json<Version>(`subjects/${enc(subject)}/versions/${last}?deleted=true`, { signal });
    return { all, live: new Set(live), latest };
  }, [subject]);
  const config = useLoad((signal) => json<Config>(`config/${enc(subject)}${query({ defaultToGlobal: true })}`, { signal }), [subject]);
  const [more, setMore] = useState<Entry[]>([]);
  const [next, setNext] = useState<number | undefined>();
  const history = useLoad(async (signal) => {
    const page = await json<History>(`accordant/v1/history${query({ subject, limit: AT_ONCE })}`, { signal });
    setNext(page.next);
    setMore([]);
    return page;
  }, [subject]);
  const [rows, setRows] = useState(SHOWN);
  const [deleting, setDeleting] = useState(false);
  const [drawn, setDrawn] = useState(200);
  const [refused, setRefused] = useState<unknown>(null);
  const data = versions.value;
  const latest = data?.latest;
  const entries = [...(history.value?.entries ?? []), ...more];
  const registered = new Map(entries.filter((entry) => entry.version && (entry.operation === 'schema.registered' || entry.operation === 'schema.imported')).map((entry) => [entry.version, entry]));
  const { context } = parts(subject);
  return (
    <Page title={<SubjectName subject={subject} plain />}
      lead={data && <>{latest && <Type type={latest.schemaType} />} {plural(data.live.size, 'version')}{data.all.length > data.live.size ? `, ${data.all.length - data.live.size} deleted` : ''} · {context === '.' ? 'default context' : `context ${context}`}</>}
      actions={<>
        {may('SUBJECT_WRITE', subject) && (data || versions.error) && <a class="button primary" href={href(['edit'], { subject })}>{versions.error ? 'Register a first version' : 'Next version'}</a>}
        {data && data.all.length > 1 && <a class="button" href={href(['compare'], { subject })}>Compare</a>}
        <Copy text={subject} label="Copy name" />
        {may('SUBJECT_DELETE', subject) && data && data.live.size > 0 && <button type="button" class="quiet danger-text" onClick={() => setDeleting(true)}>Delete</button>}
      </>}>
      {versions.error ? <Failure error={versions.error} /> : !data && <Busy />}
      {data?.live.size === 0 && <p class="notice">It is soft-deleted: nothing is compared with its versions, and their ids are still answered. <a class="in-text" href={href(['deleted'])}>Restore it, or delete it for good</a></p>}
      {data && (
        <div class="columns">
          <div>
            <Section title="Versions">
              <ol class="timeline">
                {[...data.all].reverse().slice(0, drawn).map((number) => {
                  const entry = registered.get(number);
                  const live = data.live.has(number);
                  const before = data.all[data.all.indexOf(number) - 1];
                  return (
                    <li key={number} class={live ? '' : 'gone'}>
                      <a href={versionLink(subject, number)}>Version {number}</a>
                      {latest?.version === number && live && <span class="tag">latest</span>}
                      {!live && <span class="tag bad">deleted</span>}
                      <span class="dim">{entry ? time(entry.at) : latest?.version === number ? time(latest.ts) : ''}{entry?.actor ? ` · ${entry.actor}` : ''}</span>
                      {before !== undefined && <a class="small" href={href(['compare'], { subject, from: before, to: number })}>what changed</a>}
                      {entry?.reason && <p class="dim small"><T>{entry.reason}</T></p>}
                    </li>
                  );
                })}
              </ol>
              {data.all.length > drawn && <p class="bar"><button type="button" class="quiet" onClick={() => setDrawn(drawn + 1000)}>Older versions</button> <span class="dim">The newest {drawn} of {count(data.all.length)}.</span></p>}
            </Section>
            <Section title="What was done">
              <Failure error={history.error ?? refused} />
              {entries.length === 0 && history.value && <Empty title="Nothing is recorded."><p>The record of changes may be off, or shorter than this subject is old.</p></Empty>}
              {entries.length > 0 && (
                <div class="scroll"><table class="compact"><thead><tr><th>When</th><th>What</th><th>Version</th><th>Who</th></tr></thead><tbody>
                  {entries.slice(0, rows).map((entry) => <tr key={entry.position}><td class="dim">{time(entry.at)}</td><td>{DONE[entry.operation] ?? entry.operation}</td><td>{entry.version ?? ''}</td><td class="dim"><T>{entry.actor ?? '–'}</T></td></tr>)}
                </tbody></table></div>
              )}
              {(next !== undefined || entries.length > rows) && <button type="button" class="quiet" onClick={async () => {
                setRows(rows + AT_ONCE);
                if (next === undefined || entries.length > rows + AT_ONCE) return;
                try {
                  const page = await json<History>(`accordant/v1/history${query({ subject, limit: AT_ONCE, after: next })}`);
                  setMore((already) => [...already, ...page.entries]);
                  setNext(page.next);
                } catch (failed) { setRefused(failed); }
              }}>Older</button>}
            </Section>
          </div>
          <div>
            <Section title="Settings" actions={<a class="small" href={href(['settings'], { scope: subject })}>change</a>}>
              <Failure error={config.error} />
              <EffectiveSettings subject={subject} effective={config.value} />
            </Section>
            <UsageSection subject={subject} />
            {latest && <Contract version={latest} />}
            {latest && <Section title="References"><Graph subject={subject} version={latest.version} /></Section>}
          </div>
        </div>
      )}
      <ConfirmByName title="Delete" verb="Delete" name={subject} open={deleting} onClose={() => setDeleting(false)} onConfirm={async (reason) => {
        await request(`subjects/${enc(subject)}`, { method: 'DELETE', reason });
        go(['deleted']);
      }}>
        <p>{data?.live.size === 1 ? 'Its one version' : `All ${data?.live.size ?? 0} versions`} will be soft-deleted: nothing is compared with what is deleted, ids are still answered, and the subject can be restored from the list of deleted ones.</p>
        {data && <Consequences subject={subject} versions={[...data.live].sort((a, b) => a - b)} />}
      </ConfirmByName>
    </Page>
  );
}
