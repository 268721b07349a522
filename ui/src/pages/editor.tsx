import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { type Finding, type Reference, type SchemaType, type Version, enc, json, query } from '../api';
import { Busy, Failure, Field, Page, Section, Select, SubjectName, T, Verdict } from '../components/basic';
import { Beside } from '../components/beside';
import { Code } from '../components/code';
import { LEVELS, MEANING } from '../components/effective';
import { Findings } from '../components/findings';
import { useLoad, useSettled } from '../components/hooks';
import { References } from '../components/references';
import { type Draft, ContractEditor, draftOf, metadataOf, ruleSetOf } from '../components/contract-editor';
import { type Impact, ImpactSection } from '../components/usage';
import { SubjectInput } from '../components/subject-input';
import { draftFor, dropDraft, keepDraft } from '../drafts';
import { markOf } from '../editor-help';
import { type Mend, mends } from '../mend';
import { href, refine, route, versionLink } from '../router';
import { may } from '../session';
import { shown, typeOf } from '../text';
import { type Difference, Changes, Levels } from './compare';

const STARTS: Record<SchemaType, string> = {
  AVRO: '{\n  "type": "record",\n  "name": "Order",\n  "namespace": "com.example",\n  "fields": [\n    { "name": "id", "type": "string" }\n  ]\n}\n',
  JSON: '{\n  "$schema": "https://json-schema.org/draft/2020-12/schema",\n  "title": "Order",\n  "type": "object",\n  "properties": {\n    "id": { "type": "string" }\n  },\n  "required": ["id"]\n}\n',
  PROTOBUF: 'syntax = "proto3";\n\npackage com.example;\n\nmessage Order {\n  string id = 1;\n}\n',
};

/** Findings that are underlined. */
const MARKED = 200;

interface Check { is_compatible: boolean; messages?: string[]; findings?: Finding[] }
interface Registered { id: number; version?: number }

/** The newest versions that a transitive level is shown for: each is a comparison of its own. */
const MOST = 20;

/** What a level finds against each of the newest versions, not only the latest. */
async function overAll(subject: string, next: unknown, level: string, signal: AbortSignal): Promise<{ findings: Finding[]; looked: number; versions: number }> {
  const versions = await json<number[]>(`subjects/${enc(subject)}/versions`, { signal });
  const findings: Finding[] = [];
  const looked = versions.slice(-MOST).reverse();
  for (const version of looked) {
    const { levels } = await json<Difference>('accordant/v1/diff', { method: 'POST', body: { subject, old: { version }, new: next }, signal });
    findings.push(...(levels.find((own) => own.level === level)?.findings ?? []).map((finding) => ({ ...finding, oldVersion: version })));
  }
  return { findings, looked: looked.length, versions: versions.length };
}

function Mends({ mends, onChoose }: { mends: Mend[]; onChoose: (text: string) => void }) {
  if (mends.length === 0) return null;
  return <p class="actions">{mends.map((mend) => <button type="button" class="small" key={mend.label} onClick={() => onChoose(mend.text)}>{mend.label}</button>)}</p>;
}

export function EditorPage() {
  const { query: asked } = route.value;
  const from = asked.get('from') ?? '';
  const [subject, setSubject] = useState(asked.get('subject') ?? '');
  const [type, setType] = useState<SchemaType>('AVRO');
  const [text, setText] = useState(STARTS.AVRO);
  const [references, setReferences] = useState<Reference[]>([]);
  const [contract, setContract] = useState<Draft>(draftOf());
  const [simulated, setSimulated] = useState('');
  const [reason, setReason] = useState('');
  const [goTo, setGoTo] = useState<{ offset: number } | null>(null);
  const [registered, setRegistered] = useState<Registered | null>(null);
  const [failed, setFailed] = useState<unknown>(null);
  const touched = useRef(false);
  const name = useSettled(subject.trim(), 300);
  useEffect(() => { refine({ subject: name }); }, [name]);

  // an existing subject brings its latest version along, unless something has been typed already
  const base = useLoad<Version | null>((signal) => (name
    ? json<Version>(`subjects/${enc(name)}/versions/${from || 'latest'}${from ? '?deleted=true' : ''}`, { signal }).catch((error) => { if (error?.status === 404) return null; throw error; })
    : Promise.resolve(null)), [name, from]);
  // a copy of another version is another draft
  const place = `${name}\n${from}`;
  const placed = useRef(place);
  const [restored, setRestored] = useState(false);
  useEffect(() => {
    if (base.loading || touched.current) return;
    const draft = draftFor(place);
    if (!draft) return;
    touched.current = true;
    setType(draft.type);
    setText(draft.text);
    setReferences(draft.references);
    setContract(draft.contract);
    setRestored(true);
  }, [base.value, base.loading, place]);
  useEffect(() => {
    if (!touched.current || base.loading) return;
    // a name that is typed in takes along what has no other yet
    if (placed.current !== place) dropDraft(placed.current);
    placed.current = place;
    keepDraft(place, { type, text, references, contract });
  }, [type, text, references, contract, place, base.loading]);
  useEffect(() => {
    const version = base.value;
    if (!version || touched.current) return;
    setType(typeOf(version.schemaType));
    setText(shown(version.schema, version.schemaType).text);
    setReferences(version.references ?? []);
    setContract(draftOf(version.metadata, version.ruleSet));
  }, [base.value]);

  const body = useMemo(() => ({ schema: text, schemaType: type, references: references.filter((one) => one.name && one.subject), 
    // what is absent is taken from the latest version: to be without, it must be said
    metadata: metadataOf(contract) ?? (base.value?.metadata ? {} : undefined), ruleSet: ruleSetOf(contract),
  }), [text, type, references, contract, base.value]);
  const settled = useSettled(body, 350);
  const isSettled = settled === body;
  const check = useLoad<Check | null>((signal) => (name && settled.schema.trim()
    ? json<Check>(`compatibility/subjects/${enc(name)}/versions${query({ verbose: true, explain: true })}`, { method: 'POST', body: settled, signal })
    : Promise.resolve(null)), [name, settled]);
  const difference = useLoad<Difference | null>((signal) => (name && base.value && settled.schema.trim()
    ? json<Difference>('accordant/v1/diff', { method: 'POST', body: { subject: name, old: { version: 'latest' }, new: settled }, signal }).catch(() => null)
    : Promise.resolve(null)), [name, settled, base.value]);
  const impact = useLoad<Impact | null>((signal) => (name && base.value && settled.schema.trim()
    ? json<Impact>('accordant/v1/impact', { method: 'POST', body: { subject: name, new: settled }, signal }).catch(() => null)
    : Promise.resolve(null)), [name, settled, base.value]);
  const effective = useLoad<{ compatibilityLevel?: string } | null>((signal) => (name ? json<{ compatibilityLevel?: string }>(`config/${enc(name)}?defaultToGlobal=true`, { signal }).catch(() => null) : Promise.resolve(null)), [name]);

  const writes = may('SUBJECT_WRITE', name || undefined);
  const level = effective.value?.compatibilityLevel ?? 'BACKWARD';
  const plain = simulated.replace('_TRANSITIVE', '');
  const other = simulated && simulated !== level ? difference.value?.levels.find((own) => own.level === plain) : undefined;
  const isTransitive = simulated.endsWith('_TRANSITIVE') && simulated !== level;
  const all = useLoad((signal) => (isTransitive && name && base.value && settled.schema.trim() ? overAll(name, settled, plain, signal) : Promise.resolve(null)), [isTransitive, name, base.value, settled, plain]);
  const findings: Finding[] = simulated === 'NONE' ? [] : isTransitive ? all.value?.findings ?? [] : other ? other.findings : check.value?.findings ?? [];
  const isRefused = check.value !== null && !check.value.is_compatible;
  const messages = isRefused && findings.length === 0 ? check.value?.messages ?? [] : [];
  const change = (next: string) => { touched.current = true; setRegistered(null); setFailed(null); setText(next); };
  // of other versions the text is not at hand
  const old = (finding: Finding) => (base.value && (finding.oldVersion ?? base.value.version) === base.value.version && typeOf(base.value.schemaType) === type ? base.value.schema : null);
  const marks = useMemo(() => (isSettled ? [
    ...findings.slice(0, MARKED).map((finding) => markOf(finding, text, type, mends(finding, text, type, old(finding)).map((mend) => ({ label: mend.label, run: () => change(mend.text) })))),
    ...messages.map((message) => markOf({ rule: '', path: '', message, explanation: message }, text, type)),
  ].flatMap((mark) => (mark ? [mark] : [])) : []), [check.value, other, all.value, isSettled, text]);
  const register = async () => {
    setFailed(null);
    try {
      const { id, version } = await json<Registered>(`subjects/${enc(name)}/versions${query({ explain: true })}`, { method: 'POST', body, reason });
      const number = version ?? (await json<Version>(`subjects/${enc(name)}`, { method: 'POST', body })).version;
      setRegistered({ id, version: number });
      touched.current = false;
      dropDraft(place);
      setRestored(false);
      base.reload();
    } catch (error) { setFailed(error); }
  };
  const startOver = () => {
    touched.current = false;
    dropDraft(place);
    setRestored(false);
    setRegistered(null);
    setFailed(null);
    if (base.value) { base.reload(); return; }
    setText(STARTS[type]);
    setReferences([]);
    setContract(draftOf());
  };
  const start = (next: SchemaType) => {
    setType(next);
    if (!touched.current && !base.value) setText(STARTS[next]);
  };
  const layOut = async () => { const { layOut: lay } = await import('../text'); change(`${lay(text).text}\n`); };
  const status = !name ? <span class="dim">Name the subject to have it checked.</span>
    : !isSettled || check.loading ? <span class="dim">Checking …</span>
    : check.error ? <Verdict ok={false}>Could not be checked</Verdict>
    : check.value === null ? null
    : isRefused ? <Verdict ok={false}>{check.value.findings?.length ? `Refused under ${level}` : 'Not a valid schema'}</Verdict>
    : <Verdict ok>{base.value ? `Compatible under ${level}` : 'A valid first version'}</Verdict>;
  return (
    <Page title={base.value && name ? <>Next version of <SubjectName subject={name} plain /></> : 'New subject'}
      lead={base.value ? <>Based on version {base.value.version}. {MEANING[level]}</> : 'Checked while you type: what would break, where, why, and on which value.'}>
      <div class="filters wrap-fields">
        <Field label="Subject"><SubjectInput value={subject} onInput={(next) => { setSubject(next); setRegistered(null); setRestored(false); }} /></Field>
        <Field label="Format"><Select value={type} options={[['AVRO', 'Avro'], ['JSON', 'JSON Schema'], ['PROTOBUF', 'Protobuf']]} onChange={start} /></Field>
        <Field label="Show what breaks under"><Select value={simulated} options={[['', `${level} (as set)`], ...LEVELS.filter((own) => own !== level)]} onChange={setSimulated} /></Field>
      </div>
      {restored && <p class="notice bar" role="status"><span>What you had typed here is back.</span> <button type="button" class="link" onClick={startOver}>Start over{base.value ? ` from version ${base.value.version}` : ''}</button></p>}
      <div class="columns wide-left">
        <div>
          <Code text={text} type={type} label="Schema" readOnly={false} onChange={change} marks={marks} goTo={goTo} tall />
          <div class="bar">
            <span role="status" aria-live="polite" class="status">{status}</span>
            {type !== 'PROTOBUF' && <button type="button" class="quiet" onClick={layOut}>Lay out</button>}
            <span class="grow" />
            <input class="reason" value={reason} aria-label="Reason for the change" placeholder="Reason (optional)" onInput={(event) => setReason(event.currentTarget.value)} />
            <button type="button" class="primary" disabled={!name || !text.trim() || !writes} title={writes ? undefined : 'You may not register versions of this subject'} onClick={register}>Register</button>
          </div>
          <Failure error={failed ?? check.error} />
          {registered && <p class="notice good" role="status">Registered with id {registered.id}. {registered.version !== undefined && <a href={versionLink(name, registered.version)}>See version {registered.version}</a>}</p>}
          <References references={references} onChange={(next) => { touched.current = true; setReferences(next); }} />
          <Section title="Metadata and rules">
            {base.value?.ruleSet && contract.rules.length === 0 && <p class="notice small" role="status">A version without rules takes over those of the latest one, as with Confluent. To do without them, keep them and switch them off.</p>}
            <ContractEditor draft={contract} onChange={(next) => { touched.current = true; setRegistered(null); setFailed(null); setContract(next); }} />
          </Section>
        </div>
        <div>
          {difference.value && <Levels levels={difference.value.levels} />}
          <Section title={other || isTransitive || simulated === 'NONE' ? `Under ${simulated}` : isRefused ? 'What breaks' : 'Findings'}>
            {messages.map((message) => <p key={message} class="notice bad wrap"><T>{message}</T></p>)}
            {isTransitive && all.loading && <Busy what="Comparing with the versions that exist" />}
            {isTransitive && <Failure error={all.error} />}
            {isTransitive && all.value && all.value.looked < all.value.versions && <p class="dim small">Compared with the newest {all.value.looked} of {all.value.versions} versions.</p>}
            {findings.length === 0 && messages.length === 0 && !(isTransitive && !all.value) && <p class="dim">{name ? 'Nothing breaks.' : 'Findings appear here.'}</p>}
            <Findings findings={findings}
              onChoose={(finding) => { const mark = markOf(finding, text, type); if (mark) setGoTo({ offset: mark.from }); }}
              action={(finding) => (isSettled ? <Mends mends={mends(finding, text, type, old(finding))} onChoose={change} /> : null)} />
          </Section>
          {difference.value && (difference.value.changes.length > 0 || difference.value.beside.length > 0) && (
            <Section title={`Changes from version ${difference.value.old.version ?? ''}`}><Changes changes={difference.value.changes} isWhole={difference.value.isWhole} /><Beside beside={difference.value.beside} /></Section>
          )}
          {impact.value && impact.value.isRecorded && <ImpactSection subject={name} impact={impact.value} />}
          {base.value && <p class="small"><a href={href(['subjects', name])}>All versions</a> · <button type="button" class="link" onClick={startOver}>start over</button></p>}
        </div>
      </div>
    </Page>
  );
}

