import { useEffect, useMemo, useState } from 'preact/hooks';
import { type Finding, type SchemaType, enc, json, query } from '../api';
import { Busy, Empty, Failure, Field, Page, Section, Select, T, Verdict } from '../components/basic';
import { type BesideChange, Beside, besideLines } from '../components/beside';
import { SideBySide } from '../components/code';
import { Findings } from '../components/findings';
import { useLoad, useSettled } from '../components/hooks';
import { SubjectInput } from '../components/subject-input';
import { markOf } from '../editor-help';
import { href, refine, route } from '../router';
import { lineOf, plural, shown } from '../text';

interface Side { subject?: string; version?: number; id?: number; schemaType: SchemaType; schema: string }
export interface Change { kind: string; declaration: string; path: string; oldPath?: string; what?: string; from?: string; to?: string; inside?: number; message: string; old?: { line: number; column: number }; new?: { line: number; column: number } }
export interface Level { level: string; isCompatible: boolean; messages: string[]; findings: Finding[] }
export interface Difference { old: Side; new: Side; changes: Change[]; beside: BesideChange[]; isWhole: boolean; levels: Level[] }

/** Findings that are underlined. */
const MARKED = 200;

const SIGN: Record<string, string> = { added: '+', removed: '−', changed: '~', renamed: '→', moved: '⇢', reordered: '↕' };
const SAYS: Record<string, [string, string]> = {
  BACKWARD: ['New readers read old data', 'New readers fail on old data'],
  FORWARD: ['Old readers read new data', 'Old readers fail on new data'],
  FULL: ['Both ways', 'Not both ways'],
};

export function Changes({ changes, isWhole }: { changes: Change[]; isWhole: boolean }) {
  const [drawn, setDrawn] = useState(200);
  return (
    <>
      <ul class="changes" aria-label="Changes">
        {changes.slice(0, drawn).map((change, at) => (
          <li key={at} class={change.kind}>
            <span class="sign" aria-hidden="true">{SIGN[change.kind]}</span>
            <span class="wrap">
              <span class="dim">{change.declaration}</span> <T class="mono name">{change.path || 'the schema'}</T>{' '}
              {change.kind === 'changed'
                ? <><span class="dim">{change.what}</span> <T class="mono from">{change.from ?? 'nothing'}</T> <span class="dim">→</span> <T class="mono to">{change.to ?? 'nothing'}</T></>
                : <><span>{change.kind}</span>{change.oldPath && <> <span class="dim">from</span> <T class="mono">{change.oldPath}</T></>}{(change.to ?? change.from) && <> <T class="mono dim">{change.to ?? change.from}</T></>}</>}
              {change.inside ? <span class="dim"> with {plural(change.inside, 'declaration')} inside</span> : null}
            </span>
          </li>
        ))}
      </ul>
      {changes.length > drawn && <button type="button" class="quiet" onClick={() => setDrawn(drawn + 1000)}>More of {changes.length}</button>}
      {!isWhole && <p class="dim small">There is more than was compared or is listed.</p>}
    </>
  );
}

export function Levels({ levels, chosen, onChoose }: { levels: Level[]; chosen?: string; onChoose?: (level: string) => void }) {
  return (
    <div class="levels">
      {levels.map(({ level, isCompatible, findings }) => {
        const inner = <><span class="level-name">{level}</span><Verdict ok={isCompatible}>{SAYS[level]?.[isCompatible ? 0 : 1] ?? ''}</Verdict>{findings.length > 0 && <span class="dim small">{plural(findings.length, 'finding')}</span>}</>;
        return onChoose
          ? <button type="button" key={level} class="level" aria-pressed={chosen === level} onClick={() => onChoose(level)}>{inner}</button>
          : <div key={level} class="level flat">{inner}</div>;
      })}
    </div>
  );
}

export function ComparePage() {
  const { query: asked } = route.value;
  const [subject, setSubject] = useState(asked.get('subject') ?? '');
  const [other, setOther] = useState(asked.get('with') ?? '');
  useEffect(() => { setSubject(asked.get('subject') ?? ''); setOther(asked.get('with') ?? ''); }, [asked.get('subject'), asked.get('with')]);
  const settled = useSettled(subject.trim(), 300);
  const settledOther = useSettled(other.trim(), 300);
  useEffect(() => { if (settled !== (asked.get('subject') ?? '')) refine({ subject: settled, from: '', to: '' }); }, [settled]);
  useEffect(() => { if (settledOther !== (asked.get('with') ?? '')) refine({ with: settledOther, to: '' }); }, [settledOther]);
  const [from, to] = [asked.get('from') ?? '', asked.get('to') ?? ''];
  const versions = useLoad<number[]>((signal) => (settled ? json<number[]>(`subjects/${enc(settled)}/versions?deleted=true`, { signal }) : Promise.resolve([])), [settled]);
  const others = useLoad<number[]>((signal) => (settledOther ? json<number[]>(`subjects/${enc(settledOther)}/versions?deleted=true`, { signal }) : Promise.resolve([])), [settledOther]);
  const difference = useLoad<Difference | null>((signal) => {
    if (!settled) return Promise.resolve(null);
    if (!settledOther) return json<Difference>(`accordant/v1/diff${query({ subject: settled, from, to })}`, { signal });
    return json<Difference>('accordant/v1/diff', { method: 'POST', signal, body: { subject: settled, old: { version: from || 'latest' }, new: { subject: settledOther, version: to || 'latest' } } });
  }, [settled, settledOther, from, to]);
  const [level, setLevel] = useState('BACKWARD');
  const found = difference.value;
  const texts = useMemo(() => found && { old: shown(found.old.schema, found.old.schemaType), next: shown(found.new.schema, found.new.schemaType) }, [found]);
  const options = (list: number[] | null, empty: string): [string, string][] => [['', empty], ...[...(list ?? [])].reverse().map((number): [string, string] => [String(number), `version ${number}`])];
  const verdict = found?.levels.find((own) => own.level === level);
  const [goTo, setGoTo] = useState<{ offset: number } | null>(null);
  const marks = useMemo(() => (found && texts && verdict ? verdict.findings.slice(0, MARKED).flatMap((finding) => markOf(finding, texts.next.text, found.new.schemaType, [], texts.next.at) ?? []) : []), [found, level]);
  const isSame = found && found.changes.length === 0 && found.beside.length === 0;
  return (
    <Page title="Compare" lead="What changed between two versions, by meaning, and what each compatibility level says about it.">
      <div class="filters wrap-fields">
        <Field label="Subject"><SubjectInput value={subject} onInput={setSubject} /></Field>
        <Field label="From"><Select value={from} options={options(versions.value, settledOther ? 'latest' : 'the one before')} onChange={(value) => refine({ from: value })} /></Field>
        <Field label="With another subject"><SubjectInput value={other} placeholder="the same" onInput={setOther} /></Field>
        <Field label="To"><Select value={to} options={options(settledOther ? others.value : versions.value, 'latest')} onChange={(value) => refine({ to: value })} /></Field>
      </div>
      {!settled && <Empty title="Which subject?"><p>Type its name, or choose “what changed” on its <a href={href(['subjects'])}>page</a>.</p></Empty>}
      {settled && <Failure error={difference.error} />}
      {settled && difference.loading && !found && <Busy what="Comparing" />}
      {found && texts && (
        <>
          <Levels levels={found.levels} chosen={level} onChoose={setLevel} />
          <div class="columns">
            <Section title={isSame ? 'No changes' : `${plural(found.changes.length + besideLines(found.beside).length, 'change')} from ${name(found.old)} to ${name(found.new)}`}>
              {isSame && <p class="dim">The two say the same.</p>}
              <Changes changes={found.changes} isWhole={found.isWhole} />
              <Beside beside={found.beside} />
            </Section>
            <Section title={`What ${level} says`}>
              {verdict?.isCompatible && <p class="dim">{SAYS[level]?.[0]}: nothing breaks.</p>}
              {verdict && !verdict.isCompatible && verdict.findings.length === 0 && <p class="wrap">{verdict.messages[0]}</p>}
              {verdict && <Findings findings={verdict.findings} onChoose={(finding) => setGoTo({ offset: texts.next.at(finding.new?.line ?? 1, finding.new?.column ?? 1) })} lineOf={(finding) => (finding.new?.line === undefined ? undefined : lineOf(texts.next.text, texts.next.at(finding.new.line, finding.new.column ?? 1)))} />}
            </Section>
          </div>
          <Section title="Side by side"><SideBySide old={texts.old.text} next={texts.next.text} type={found.new.schemaType} labels={[name(found.old), name(found.new)]} marks={marks} goTo={goTo} /></Section>
        </>
      )}
    </Page>
  );
}

const name = (side: Side) => (side.version === undefined ? 'the text' : `version ${side.version}`);
