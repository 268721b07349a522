import { useEffect, useState } from 'preact/hooks';
import { enc, json, query } from '../api';
import { Failure, Field, Page, Section, Select, Verdict } from '../components/basic';
import { Code } from '../components/code';
import { useLoad, useSettled } from '../components/hooks';
import { refine, route } from '../router';

interface Issue { code: string; severity?: string; message: string; pointer?: string; attribute?: string; line?: number; column?: number; [key: string]: unknown }
interface Report { valid?: boolean; verdict?: string; events?: { valid?: boolean; verdict?: string; issues?: Issue[]; [key: string]: unknown }[]; issues?: Issue[]; [key: string]: unknown }

type Kind = 'data' | 'event';
const STARTS: Record<Kind, string> = {
  data: '{\n  "id": "42"\n}\n',
  event: '{\n  "specversion": "1.0",\n  "id": "1",\n  "source": "/shop",\n  "type": "com.example.order",\n  "datacontenttype": "application/json",\n  "data": { "id": "42" }\n}\n',
};

/** All issues of a report, wherever they are in it. */
function issuesOf(report: unknown, out: Issue[] = [], depth = 0): Issue[] {
  if (depth > 6 || typeof report !== 'object' || report === null) return out;
  if (Array.isArray(report)) { report.forEach((one) => issuesOf(one, out, depth + 1)); return out; }
  const own = report as Record<string, unknown>;
  if (typeof own.code === 'string' && typeof own.message === 'string') out.push(own as Issue);
  else Object.values(own).forEach((value) => issuesOf(value, out, depth + 1));
  return out;
}

export function TryPage() {
  const { query: asked } = route.value;
  const [subject, setSubject] = useState(asked.get('subject') ?? '');
  const [kind, setKind] = useState<Kind>('data');
  const [text, setText] = useState(STARTS.data);
  const [report, setReport] = useState<Report | null>(null);
  const [error, setError] = useState<unknown>(null);
  const settledSubject = useSettled(subject.trim(), 300);
  useEffect(() => { refine({ subject: settledSubject }); }, [settledSubject]);
  const version = asked.get('version') ?? '';
  const versions = useLoad<number[]>((signal) => (settledSubject ? json<number[]>(`subjects/${enc(settledSubject)}/versions`, { signal }).catch(() => []) : Promise.resolve([])), [settledSubject]);
  const settled = useSettled(text, 350);
  useEffect(() => {
    const abort = new AbortController();
    if (kind === 'data' && !settledSubject) { setReport(null); setError(null); return () => abort.abort(); }
    const schema = settledSubject ? { subject: settledSubject, version: version || 'latest' } : {};
    const target = `cloudevents/validate${query({ ...schema, status: 'always-200' })}`;
    const event = kind === 'event' ? settled : `{"specversion":"1.0","id":"1","source":"/ui","type":"ui","datacontenttype":"application/json","data":${settled}}`;
    json<Report>(target, { method: 'POST', raw: event, type: 'application/cloudevents+json', signal: abort.signal, accept: 'application/json' })
      .then((found) => { setReport(found); setError(null); }, (failed) => { if (!abort.signal.aborted) { setReport(null); setError(failed); } });
    return () => abort.abort();
  }, [settled, settledSubject, version, kind]);
  const issues = issuesOf(report);
  const valid = report?.valid ?? issues.every((issue) => issue.severity === 'warning' || issue.severity === 'info');
  const choose = (next: Kind) => { setKind(next); if (text === STARTS[kind]) setText(STARTS[next]); };
  return (
    <Page title="Try data" lead="Whether data fits a schema, judged as the registry judges events: nothing is stored.">
      <div class="filters wrap-fields">
        <Field label="Subject" hint={kind === 'event' ? 'Without one the event says which schema' : undefined}><input value={subject} spellcheck={false} placeholder="orders-value" onInput={(event) => setSubject(event.currentTarget.value)} /></Field>
        <Field label="Version"><Select value={version} options={[['', 'latest'], ...[...(versions.value ?? [])].reverse().map((number): [string, string] => [String(number), `version ${number}`])]} onChange={(next) => refine({ version: next })} /></Field>
        <Field label="What is pasted"><Select<Kind> value={kind} options={[['data', 'JSON data'], ['event', 'a CloudEvent (JSON)']]} onChange={choose} /></Field>
      </div>
      <div class="columns">
        <Section title="Data"><Code text={text} type="JSON" label="Data" readOnly={false} onChange={setText} tall /></Section>
        <Section title="Verdict">
          <Failure error={error} />
          {kind === 'data' && !settledSubject && <p class="dim">Name the subject whose schema the data should fit.</p>}
          {report && <p role="status"><Verdict ok={valid}>{valid ? 'Valid' : 'Not valid'}</Verdict></p>}
          {issues.length > 0 && (
            <ol class="findings">
              {issues.slice(0, 100).map((issue, at) => (
                <li key={at} class={issue.severity === 'error' || issue.severity === undefined ? 'breach' : 'note'}>
                  <p class="finding-head"><code class="rule">{issue.code}</code>{issue.severity && <span class="dim">{issue.severity}</span>}</p>
                  <p class="wrap"><bdi>{issue.message}</bdi></p>
                  {issue.pointer !== undefined && <p class="small"><span class="dim">at</span> <bdi class="mono">{issue.pointer || '(the whole)'}</bdi></p>}
                </li>
              ))}
            </ol>
          )}
          {report && <details><summary>The report as the API gives it</summary><pre class="raw" tabIndex={0}>{JSON.stringify(report, null, 2)}</pre></details>}
        </Section>
      </div>
    </Page>
  );
}
