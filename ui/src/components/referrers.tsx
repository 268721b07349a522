// What would be hurt by a deletion: who refers to what goes, and who uses it.
import { json, query } from '../api';
import { versionLink } from '../router';
import { plural, time } from '../text';
import { Failure, T } from './basic';
import type { Node, ReferenceGraph } from './graph';
import { useLoad } from './hooks';
import type { Usage } from './usage';

/** Versions whose referrers are asked for, the newest ones. */
const ASKED = 20;
const SHOWN = 10;

async function referrers(subject: string, versions: number[], signal: AbortSignal): Promise<Node[]> {
  const graphs = await Promise.all(versions.slice(-ASKED).map((version) => json<ReferenceGraph>(`accordant/v1/references${query({ subject, version, depth: 1 })}`, { signal })));
  const found = new Map<string, Node>();
  for (const { nodes } of graphs) {
    // what goes along does not count
    for (const node of nodes) if (node.distance > 0 && !(node.subject === subject && versions.includes(node.version))) found.set(`${node.subject} ${node.version}`, node);
  }
  return [...found.values()];
}

/** For the question before a deletion of some versions of a subject. */
export function Consequences({ subject, versions }: { subject: string; versions: number[] }) {
  const found = useLoad((signal) => referrers(subject, versions, signal), [subject, versions.join()]);
  const usage = useLoad((signal) => json<Usage>(`accordant/v1/usage${query({ subject, version: versions.length === 1 ? versions[0] : undefined })}`, { signal }).catch(() => null), [subject, versions.join()]);
  const used = usage.value?.versions.filter((own) => versions.includes(own.version)) ?? [];
  const clients = new Set(used.flatMap((own) => own.clients.map((client) => `${client.principal} ${client.clientId} ${client.userAgent}`)));
  const last = used.map((own) => own.lastReadAt).sort().at(-1);
  const nodes = found.value ?? [];
  return (
    <div class="stack" aria-live="polite">
      <Failure error={found.error} />
      {found.value && nodes.length === 0 && <p class="dim">Nothing refers to {versions.length === 1 ? 'it' : 'them'}.</p>}
      {nodes.length > 0 && (
        <div class="notice bad">
          <p>{plural(nodes.length, 'version refers', 'versions refer')} to {versions.length === 1 ? 'it' : 'them'}; the registry will refuse until {nodes.length === 1 ? 'it is' : 'they are'} gone:</p>
          <ul class="plain" aria-label="Referred to by">
            {nodes.slice(0, SHOWN).map((node) => <li key={`${node.subject} ${node.version}`}><a class="in-text" href={versionLink(node.subject, node.version)}><T>{node.subject}</T> v{node.version}</a>{node.deleted && <> <span class="tag bad">deleted</span></>}</li>)}
          </ul>
          {nodes.length > SHOWN && <p class="small">and {nodes.length - SHOWN} more</p>}
        </div>
      )}
      {used.length > 0 && <p class="notice">{plural(clients.size, 'client has', 'clients have')} used {versions.length === 1 ? 'it' : 'them'}, the last {time(last)}.</p>}
      {usage.value && used.length === 0 && <p class="dim">{usage.value.isRecorded ? `No client has used ${versions.length === 1 ? 'it' : 'them'}${usage.value.since ? ` since ${time(usage.value.since)}` : ''}.` : 'Who uses it is not counted (the setting usage).'}</p>}
    </div>
  );
}
