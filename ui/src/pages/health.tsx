import { json, request } from '../api';
import { Busy, DataList, Failure, Page, Section, SubjectName, T, Type, Verdict } from '../components/basic';
import type { SchemaType } from '../api';
import { useLoad } from '../components/hooks';
import { href } from '../router';
import { bytes, count, plural, time } from '../text';

interface Statistics {
  at: string; subjects: number; liveSubjects: number; versions: number; liveVersions: number;
  schemas: { context: string; schemaType: SchemaType; schemas: number; bytes: number }[];
  largest: { context: string; id: number; schemaType: SchemaType; bytes: number }[];
  mostReferenced: { subject: string; count: number }[];
  mostVersions: { subject: string; count: number }[];
  registeredByDay: { day: string; count: number }[];
  neverRead?: { since: string; subjects: number; oldest: string[] };
}
interface Server { version: string; commit?: string; commitId?: string }

/** Samples of `/metrics`, each with its name, its labels and its value. */
function samples(text: string): { name: string; labels: string; value: number }[] {
  return text.split('\n').flatMap((line) => {
    const found = /^([a-zA-Z_:][\w:]*)(\{.*\})?\s+([-+\d.eEInfNa]+)/.exec(line);
    return found ? [{ name: found[1] as string, labels: found[2] ?? '', value: Number(found[3]) }] : [];
  });
}

/** Days that are drawn. */
const LAST = 60;

const SHOWN: [string, string, (value: number) => string][] = [
  ['accordant_requests_total', 'Requests answered', count],
  ['accordant_ready_answers_total', 'of these from memory', count],
  ['accordant_registrations_total', 'Registrations', count],
  ['accordant_connections', 'Connections', count],
  ['accordant_logins_refused_total', 'Logins refused', count],
  ['accordant_requests_denied_total', 'Requests denied', count],
  ['accordant_requests_limited_total', 'Requests over the limit of rate', count],
  ['accordant_judging_requests', 'Heavy requests at work or waiting', count],
  ['accordant_judging_refused_total', 'Heavy requests refused', count],
  ['accordant_cached_schemas', 'Schemas in memory', count],
  ['accordant_cached_bytes', 'Memory for schemas', bytes],
];

export function HealthPage() {
  const ready = useLoad((signal) => request('readyz', { signal }).then(() => null), []);
  const server = useLoad((signal) => json<Server>('v1/metadata/version', { signal }), []);
  const statistics = useLoad((signal) => json<Statistics>('accordant/v1/statistics', { signal }), []);
  const metrics = useLoad(async (signal) => samples(await (await request('metrics', { signal })).text()), []);
  const again = () => { ready.reload(); statistics.reload(); metrics.reload(); };
  const found = statistics.value;
  const sums = new Map<string, number>();
  for (const { name, value } of metrics.value ?? []) sums.set(name, (sums.get(name) ?? 0) + value);
  return (
    <Page title="Health" lead={server.value ? `Version ${server.value.version}` : undefined} actions={<><button type="button" onClick={again}>Ask again</button><a class="button" href="../metrics">Metrics</a></>}>
      <p role="status">{ready.loading ? <span class="dim">Asking …</span> : <Verdict ok={!ready.error}>{ready.error ? 'Not ready' : 'Ready: the database answers'}</Verdict>}</p>
      <Failure error={ready.error} />
      <div class="columns">
        <div>
          <Section title="How much there is">
            <Failure error={statistics.error} />
            {!found && statistics.loading && <Busy what="Counting" />}
            {found && <>
              <DataList items={[
                ['Subjects', <>{count(found.liveSubjects)}{found.subjects > found.liveSubjects && <span class="dim"> and {count(found.subjects - found.liveSubjects)} deleted</span>}</>],
                ['Versions', <>{count(found.liveVersions)}{found.versions > found.liveVersions && <span class="dim"> and {count(found.versions - found.liveVersions)} deleted</span>}</>],
              ]} />
              <table class="compact"><thead><tr><th>Context</th><th>Format</th><th class="num">Schemas</th><th class="num">Size</th></tr></thead><tbody>
                {found.schemas.slice(0, 50).map((own) => <tr key={`${own.context} ${own.schemaType}`}><td><T>{own.context === '.' ? 'default' : own.context}</T></td><td><Type type={own.schemaType} /></td><td class="num">{count(own.schemas)}</td><td class="num dim">{bytes(own.bytes)}</td></tr>)}
              </tbody></table>
              <p class="dim small">Counted {time(found.at)}.</p>
            </>}
          </Section>
          {found && found.registeredByDay.length > 0 && <Section title="Versions registered by day"><Days days={found.registeredByDay} /></Section>}
          {found && found.mostReferenced.length > 0 && <Section title="Most referred to"><Ranking rows={found.mostReferenced} /></Section>}
          {found && found.mostVersions.length > 0 && <Section title="Most versions"><Ranking rows={found.mostVersions} /></Section>}
        </div>
        <div>
          <Section title="The server">
            <Failure error={metrics.error} />
            {metrics.value && <DataList items={SHOWN.filter(([name]) => sums.has(name)).map(([name, label, show]) => [label, show(sums.get(name) as number)])} />}
          </Section>
          {found && found.largest.length > 0 && <Section title="Largest schemas"><table class="compact"><thead><tr><th>Context</th><th>Id</th><th>Format</th><th class="num">Size</th></tr></thead><tbody>{found.largest.map((own) => <tr key={`${own.context} ${own.id}`}><td><T>{own.context === '.' ? 'default' : own.context}</T></td><td><a href={href(['search'], { q: own.id, by: 'id', context: own.context })}>{own.id}</a></td><td><Type type={own.schemaType} /></td><td class="num">{bytes(own.bytes)}</td></tr>)}</tbody></table></Section>}
          {found?.neverRead && found.neverRead.subjects > 0 && (
            <Section title="Never read">
              <p class="dim small">{plural(found.neverRead.subjects, 'subject')} {found.neverRead.subjects === 1 ? 'has' : 'have'} not been read since {time(found.neverRead.since)}. The oldest:</p>
              <ul class="plain">{found.neverRead.oldest.slice(0, 20).map((subject) => <li key={subject}><SubjectName subject={subject} /></li>)}</ul>
            </Section>
          )}
        </div>
      </div>
    </Page>
  );
}

const Ranking = ({ rows }: { rows: { subject: string; count: number }[] }) => (
  <table class="compact"><thead><tr><th>Subject</th><th class="num">Count</th></tr></thead><tbody>{rows.map((row) => <tr key={row.subject}><td><SubjectName subject={row.subject} /></td><td class="num">{count(row.count)}</td></tr>)}</tbody></table>
);

/** The last days, those without a registration too. */
function Days({ days }: { days: { day: string; count: number }[] }) {
  const counts = new Map(days.map((day) => [day.day, day.count]));
  const today = Date.now();
  const shown = Array.from({ length: LAST }, (_, at) => new Date(today - (LAST - 1 - at) * 86_400_000).toISOString().slice(0, 10)).map((day) => ({ day, count: counts.get(day) ?? 0 }));
  const most = Math.max(1, ...shown.map((day) => day.count));
  const sum = shown.reduce((all, day) => all + day.count, 0);
  const width = 100 / LAST;
  return (
    <>
      <svg class="days" viewBox="0 0 100 30" preserveAspectRatio="none" role="img" aria-label={`${sum} in the last ${LAST} days, ${most} on the busiest`}>
        {shown.map((day, at) => <rect key={day.day} x={at * width + 0.2} width={width - 0.4} y={29.5 - (day.count / most) * 29} height={(day.count / most) * 29 + 0.5}><title>{`${day.day}: ${day.count}`}</title></rect>)}
      </svg>
      <p class="dim small">{count(sum)} in the last {LAST} days, {count(most)} on the busiest.</p>
    </>
  );
}
