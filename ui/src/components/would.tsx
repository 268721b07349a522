// What a level would have said of the versions that exist: each against the one before.
import { useEffect, useState } from 'preact/hooks';
import { enc, json, query } from '../api';
import { href } from '../router';
import type { Difference } from '../pages/compare';
import type { FoundPage } from '../pages/search';
import { parts, plural } from '../text';
import { Busy, Failure, T, Verdict } from './basic';
import { useLoad } from './hooks';

/** The newest versions that are looked at. */
const MOST = 20;

interface Step { from: number; to: number; findings: number }

async function refused(subject: string, level: string, signal: AbortSignal): Promise<{ looked: number; steps: Step[] }> {
  const versions = (await json<number[]>(`subjects/${enc(subject)}/versions`, { signal })).slice(-MOST);
  const steps: Step[] = [];
  for (let at = 1; at < versions.length; at++) {
    const [from, to] = [versions[at - 1] as number, versions[at] as number];
    const { levels } = await json<Difference>(`accordant/v1/diff${query({ subject, from, to })}`, { signal });
    const verdict = levels.find((own) => own.level === level);
    if (verdict && !verdict.isCompatible) steps.push({ from, to, findings: verdict.findings.length });
  }
  return { looked: Math.max(versions.length - 1, 0), steps };
}

/** The newest subjects that are looked at for a level of many, and how many of them are compared. */
const SUBJECTS = 200;
const COMPARED = 50;

interface Wide { looked: number; compared: number; own: number; steps: (Step & { subject: string })[]; isDone: boolean }

/** Of many subjects each one's latest change, the newest first; those that have a level of their own are left out. */
async function refusedWidely(context: string | undefined, level: string, signal: AbortSignal, show: (wide: Wide) => void) {
  const found: Wide = { looked: 0, compared: 0, own: 0, steps: [], isDone: false };
  const hasOwn = (scope: string) => json<{ compatibilityLevel?: string }>(`config/${enc(scope)}`, { signal }).then((config) => config.compatibilityLevel !== undefined, (error) => { if (error?.status === 404) return false; throw error; });
  const contexts = new Map<string, Promise<boolean>>();
  let after: string | undefined;
  do {
    const page: FoundPage = await json<FoundPage>(`accordant/v1/search${query({ since: '1970-01-01', context, after, limit: 100 })}`, { signal });
    for (const { subject, version } of page.results) {
      if (found.looked >= SUBJECTS || found.compared >= COMPARED) break;
      found.looked++;
      if (version < 2) continue;
      const of = parts(subject).context;
      if (context === undefined && of !== '.' && !contexts.has(of)) contexts.set(of, hasOwn(`:${of}:`));
      if (await (contexts.get(of) ?? false) || await hasOwn(subject)) { found.own++; continue; }
      const [from, to] = (await json<number[]>(`subjects/${enc(subject)}/versions`, { signal })).slice(-2);
      if (from === undefined || to === undefined) continue;
      const { levels } = await json<Difference>(`accordant/v1/diff${query({ subject, from, to })}`, { signal });
      found.compared++;
      const verdict = levels.find((own) => own.level === level);
      if (verdict && !verdict.isCompatible) found.steps.push({ subject, from, to, findings: verdict.findings.length });
      show({ ...found });
    }
    after = page.after;
  } while (after !== undefined && found.looked < SUBJECTS && found.compared < COMPARED);
  show({ ...found, isDone: true });
}

/** Asked for by a click, for it takes a request for each subject. */
export function WouldHaveRefusedWidely({ context, level }: { context?: string; level: string }) {
  const plain = level.replace('_TRANSITIVE', '');
  const [asked, setAsked] = useState('');
  const [found, setFound] = useState<Wide | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    setFound(null);
    setError(null);
    if (asked !== plain) return;
    const abort = new AbortController();
    refusedWidely(context, plain, abort.signal, setFound).catch((failed) => { if (!abort.signal.aborted) setError(failed); });
    return () => abort.abort();
  }, [asked, plain, context]);
  if (plain === 'NONE') return <p class="dim small">Nothing would be refused any more.</p>;
  if (asked !== plain) return <p><button type="button" class="small" onClick={() => setAsked(plain)}>See what {plain} would have refused</button></p>;
  if (error) return <Failure error={error} />;
  if (!found) return <Busy what="Looking at the newest subjects" />;
  const { compared, own, steps, isDone } = found;
  return (
    <div class="small" role="status">
      <p>{steps.length === 0
        ? <Verdict ok>None of the latest changes of {plural(compared, 'subject')} would have been refused under {plain}{isDone ? '.' : ' …'}</Verdict>
        : <Verdict ok={false}>{steps.length} of the latest changes of {plural(compared, 'subject')} would have been refused under {plain}{isDone ? ':' : ' …'}</Verdict>}</p>
      {own > 0 && <p class="dim">{plural(own, 'subject has', 'subjects have')} a level of {own === 1 ? 'its' : 'their'} own, which stays.</p>}
      <ul class="plain">{steps.slice(0, 20).map((step) => <li key={step.subject}><a href={href(['compare'], { subject: step.subject, from: step.from, to: step.to })}><T>{step.subject}</T> version {step.from} to {step.to}</a></li>)}</ul>
      {steps.length > 20 && <p class="dim">and {steps.length - 20} more</p>}
    </div>
  );
}

export function WouldHaveRefused({ subject, level }: { subject: string; level: string }) {
  const plain = level.replace('_TRANSITIVE', '');
  const found = useLoad((signal) => refused(subject, plain, signal), [subject, plain]);
  if (plain === 'NONE') return <p class="dim small">Nothing would be refused any more.</p>;
  if (found.error) return <Failure error={found.error} />;
  if (!found.value) return <Busy what="Looking at the versions that exist" />;
  const { looked, steps } = found.value;
  if (looked === 0) return null;
  if (steps.length === 0) return <p class="small"><Verdict ok>None of the last {looked} changes would have been refused under {plain}.</Verdict></p>;
  return (
    <div class="small">
      <p><Verdict ok={false}>{steps.length} of the last {looked} changes would have been refused under {plain}:</Verdict></p>
      <ul class="plain">{steps.map((step) => <li key={step.to}><a href={href(['compare'], { subject, from: step.from, to: step.to })}>version {step.from} to {step.to}</a></li>)}</ul>
    </div>
  );
}
