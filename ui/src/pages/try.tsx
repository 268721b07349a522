import { useEffect, useMemo, useState } from 'preact/hooks';
import { enc, json, query, request } from '../api';
import { Failure, Field, Page, Section, Select, T, Verdict } from '../components/basic';
import { Code } from '../components/code';
import { useLoad, useSettled } from '../components/hooks';
import { SubjectInput } from '../components/subject-input';
import type { Mark } from '../editor/index';
import { offsetOf, spanAt } from '../editor-help';
import { refine, route, versionLink } from '../router';
import { lineOf, shown } from '../text';

interface Issue { code: string; severity?: string; message: string; pointer?: string; attribute?: string; line?: number; column?: number; [key: string]: unknown }
interface Report { valid?: boolean; verdict?: string; events?: { valid?: boolean; verdict?: string; issues?: Issue[]; [key: string]: unknown }[]; issues?: Issue[]; [key: string]: unknown }

type Kind = 'data' | 'event' | 'bytes';
const STARTS: Record<Kind, string> = {
  data: '{\n  "id": "42"\n}\n',
  bytes: '',
  event: '{\n  "specversion": "1.0",\n  "id": "1",\n  "source": "/shop",\n  "type": "com.example.order",\n  "datacontenttype": "application/json",\n  "data": { "id": "42" }\n}\n',
};

interface Decoded { schema: { subject?: string; version?: number; id?: number; schemaType?: string; resolved_by?: string }; encoding: string; data: unknown; issues: Issue[] }

/** The one sample of an answer, its data as it stands there. */
function sampled(answer: string): { data: string; bytes: string } {
  const [begin, between] = ['"samples":[{"data":', ',"bytes":"'];
  const [from, to] = [answer.indexOf(begin) + begin.length, answer.lastIndexOf(between)];
  const bytes = answer.slice(to + between.length);
  return { data: answer.slice(from, to), bytes: bytes.slice(0, bytes.indexOf('"')) };
}

/** Issues that are shown. */
const SHOWN = 100;
const isError = (issue: Issue) => issue.severity !== 'warning' && issue.severity !== 'info';

/** Digits in pairs, as tools print bytes: everything else is taken for base64. */
const isHex = (text: string) => /^(0x)?([\da-f]{2}[\s:]*)+$/i.test(text) && (/[\s:]/.test(text) || !/[g-z+/=]/i.test(text));

/** What is sent to be judged: data alone as the data of an event. */
const eventOf = (kind: Kind, text: string) => (kind === 'event' ? text : `${BEFORE_DATA}${text}}`);
const BEFORE_DATA = '{"specversion":"1.0","id":"1","source":"/ui","type":"ui","datacontenttype":"application/json","data":';

/** Where an issue is in the text that somebody has typed. */
function placeOf(issue: Issue, kind: Kind, text: string): number | undefined {
  if (issue.line === undefined || kind === 'bytes') return undefined;
  const offset = offsetOf(eventOf(kind, text), issue.line, issue.column ?? 1) - (kind === 'data' ? BEFORE_DATA.length : 0);
  return Math.max(0, Math.min(offset, text.length));
}

/** All issues of a report, wherever they are in it. */
function issuesOf(report: unknown, out: Issue[] = [], depth = 0, among = ''): Issue[] {
  if (depth > 6 || typeof report !== 'object' || report === null) return out;
  if (Array.isArray(report)) { report.forEach((one) => issuesOf(one, out, depth + 1, among)); return out; }
  const own = report as Record<string, unknown>;
  if (typeof own.code === 'string' && typeof own.message === 'string') out.push({ ...own, ...(among === 'warnings' && own.severity === undefined ? { severity: 'warning' } : {}) } as Issue);
  else Object.entries(own).forEach(([key, value]) => issuesOf(value, out, depth + 1, key));
  return out;
}

export function TryPage() {
  const { query: asked } = route.value;
  const [subject, setSubject] = useState(asked.get('subject') ?? '');
  const [kind, setKind] = useState<Kind>('data');
  const [text, setText] = useState(STARTS.data);
  const [report, setReport] = useState<Report | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [decoded, setDecoded] = useState<Decoded | null>(null);
  const [rules, setRules] = useState(true);
  /** The text that the report is about. */
  const [judged, setJudged] = useState('');
  const [goTo, setGoTo] = useState<{ offset: number } | null>(null);
  const settledSubject = useSettled(subject.trim(), 300);
  useEffect(() => { refine({ subject: settledSubject }); }, [settledSubject]);
  const version = asked.get('version') ?? '';
  const versions = useLoad<number[]>((signal) => (settledSubject ? json<number[]>(`subjects/${enc(settledSubject)}/versions`, { signal }).catch(() => []) : Promise.resolve([])), [settledSubject]);
  const settled = useSettled(text, 350);
  useEffect(() => {
    const abort = new AbortController();
    setDecoded(null);
    if (kind === 'bytes') {
      setReport(null);
      setError(null);
      const pasted = settled.trim();
      if (!pasted) return () => abort.abort();
      const schema = settledSubject ? { subject: settledSubject, ...(version ? { version: Number(version) } : {}) } : {};
      json<Decoded>('accordant/v1/decode', { method: 'POST', body: { ...(isHex(pasted) ? { hex: pasted } : { data: pasted }), ...schema }, signal: abort.signal })
        .then(setDecoded, (failed) => { if (!abort.signal.aborted) setError(failed); });
      return () => abort.abort();
    }
    if (kind === 'data' && !settledSubject) { setReport(null); setError(null); return () => abort.abort(); }
    const schema = settledSubject ? { subject: settledSubject, version: version || 'latest' } : {};
    const target = `cloudevents/validate${query({ ...schema, status: 'always-200', ...(rules ? { rules: 'true' } : {}) })}`;
    json<Report>(target, { method: 'POST', raw: eventOf(kind, settled), type: 'application/cloudevents+json', signal: abort.signal, accept: 'application/json' })
      .then((found) => { setReport({ ...found }); setJudged(settled); setError(null); }, (failed) => { if (!abort.signal.aborted) { setReport(null); setError(failed); } });
    return () => abort.abort();
  }, [settled, settledSubject, version, kind, rules]);
  const issues = issuesOf(report ?? decoded?.issues);
  const valid = report?.valid ?? issues.every((issue) => !isError(issue));
  const marks = useMemo(() => (report && judged === text ? issues.slice(0, SHOWN).flatMap((issue): Mark[] => {
    const at = placeOf(issue, kind, text);
    return at === undefined ? [] : [{ ...spanAt(text, at), severity: isError(issue) ? 'error' : 'warning', message: issue.message, why: issue.code, apply: [] }];
  }) : []), [report, judged, text, kind]);
  const choose = (next: Kind) => { setKind(next); if (text === STARTS[kind]) setText(STARTS[next]); };
  /** Puts data there that the schema accepts. As text: numbers of 64 bits are longer than a page's own. */
  const sample = async () => {
    try {
      const body = { subject: settledSubject, ...(version ? { version: Number(version) } : {}) };
      const { data, bytes } = sampled(await (await request('accordant/v1/sample', { method: 'POST', body })).text());
      const event = `{"specversion":"1.0","id":"1","source":"/ui","type":"sample","datacontenttype":"application/json","data":${data}}`;
      setText(kind === 'bytes' ? bytes : `${shown(kind === 'event' ? event : data, 'JSON').text}\n`);
      setError(null);
    } catch (failed) {
      setError(failed);
    }
  };
  return (
    <Page title="Try data" lead="Whether data fits a schema, judged as the registry judges events: nothing is stored.">
      <div class="filters wrap-fields">
        <Field label="Subject" hint={kind === 'event' ? 'Without one the event says which schema' : kind === 'bytes' ? 'Without one the framing says which' : undefined}><SubjectInput value={subject} onInput={setSubject} /></Field>
        <Field label="Version"><Select value={version} options={[['', 'latest'], ...[...(versions.value ?? [])].reverse().map((number): [string, string] => [String(number), `version ${number}`])]} onChange={(next) => refine({ version: next })} /></Field>
        <Field label="What is pasted"><Select<Kind> value={kind} options={[['data', 'JSON data'], ['event', 'a CloudEvent (JSON)'], ['bytes', 'bytes of a record (base64 or hex)']]} onChange={choose} /></Field>
        {kind !== 'bytes' && <label class="check"><input type="checkbox" checked={rules} onChange={(event) => setRules(event.currentTarget.checked)} /> Run the rules of its data contract</label>}
      </div>
      <div class="columns">
        <Section title="Data" actions={settledSubject ? <span class="actions"><button type="button" class="quiet" onClick={sample}>Make up data</button></span> : undefined}><Code text={text} type={kind === 'bytes' ? 'PROTOBUF' : 'JSON'} label="Data" readOnly={false} onChange={setText} marks={marks} goTo={goTo} tall /></Section>
        <Section title="Verdict">
          <Failure error={error} />
          {kind === 'data' && !settledSubject && <p class="dim">Name the subject whose schema the data should fit.</p>}
          {kind === 'bytes' && !decoded && !error && <p class="dim">Paste what a consumer got, with its five bytes of framing or without.</p>}
          {decoded && (
            <>
              <p role="status"><Verdict ok={issues.length === 0}>{issues.length === 0 ? 'Decoded' : 'Decoded, with something to say'}</Verdict></p>
              <p>{decoded.schema.subject && decoded.schema.version !== undefined ? <a href={versionLink(decoded.schema.subject, decoded.schema.version)}><T>{decoded.schema.subject}</T> v{decoded.schema.version}</a> : 'a schema'} <span class="dim">id {decoded.schema.id}, found by {decoded.schema.resolved_by}; {decoded.encoding}</span></p>
              <pre class="raw" tabIndex={0} aria-label="Decoded data">{JSON.stringify(decoded.data, null, 2)}</pre>
            </>
          )}
          {report && <p role="status"><Verdict ok={valid}>{valid ? 'Valid' : 'Not valid'}</Verdict></p>}
          {issues.length > 0 && (
            <ol class="findings">
              {issues.slice(0, SHOWN).map((issue, at) => {
                const offset = judged === text ? placeOf(issue, kind, text) : undefined;
                return (
                <li key={at} class={isError(issue) ? 'breach' : 'note'}>
                  <p class="finding-head"><code class="rule">{issue.code}</code>{issue.severity && <span class="dim">{issue.severity}</span>}{offset !== undefined && <button type="button" class="link" onClick={() => setGoTo({ offset })}>line {lineOf(text, offset)}</button>}</p>
                  <p class="wrap"><T>{issue.message}</T></p>
                  {issue.pointer !== undefined && <p class="small"><span class="dim">at</span> <T class="mono">{issue.pointer || '(the whole)'}</T></p>}
                </li>
                );
              })}
              {issues.length > SHOWN && <li class="dim">and {issues.length - SHOWN} more</li>}
            </ol>
          )}
          {report && <details><summary>The report as the API gives it</summary><pre class="raw" tabIndex={0}>{JSON.stringify(report, null, 2)}</pre></details>}
        </Section>
      </div>
    </Page>
  );
}
