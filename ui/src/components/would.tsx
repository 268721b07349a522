// What a level would have said of the versions that exist: each against the one before.
import { enc, json, query } from '../api';
import { href } from '../router';
import type { Difference } from '../pages/compare';
import { Busy, Failure, Verdict } from './basic';
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
