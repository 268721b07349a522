// Findings of a check, for people: where, why, what would help, and the value that breaks.
import type { ComponentChildren } from 'preact';
import type { Finding } from '../api';
import { T } from './basic';

interface Props { findings: Finding[]; onChoose?: (finding: Finding) => void; action?: (finding: Finding) => ComponentChildren; lineOf?: (finding: Finding) => number | undefined }

export function Findings({ findings, onChoose, action, lineOf }: Props) {
  if (findings.length === 0) return null;
  return (
    <ol class="findings">
      {findings.slice(0, 200).map((finding, at) => {
        const line = lineOf ? lineOf(finding) : finding.new?.line;
        return (
          <li key={at} class={finding.note ? 'note' : 'breach'}>
            <p class="finding-head">
              <code class="rule">{finding.rule}</code>
              {finding.oldVersion !== undefined && finding.oldVersion > 0 && <span class="dim">against version {finding.oldVersion}</span>}
              {finding.engine && <span class="tag">{finding.engine}</span>}
              {line !== undefined && (onChoose
                ? <button type="button" class="link" onClick={() => onChoose(finding)}>line {line}</button>
                : <span class="dim">line {line}</span>)}
            </p>
            <p class="wrap"><T>{finding.explanation || finding.message}</T></p>
            {finding.new?.pointer && <p class="small"><span class="dim">at</span> <T class="mono wrap">{finding.new.pointer}</T></p>}
            {finding.remedy && <p class="small wrap"><span class="key">Fix</span> <T>{finding.remedy}</T></p>}
            {finding.counterExample && <p class="small wrap"><span class="key">Breaks on</span> <T class="mono">{finding.counterExample}</T></p>}
            {action?.(finding)}
          </li>
        );
      })}
      {findings.length > 200 && <li class="dim">and {findings.length - 200} more</li>}
    </ol>
  );
}
