// What refers to what, as a picture in columns: what is referred to on the left, what refers on the right. And as a list, for who can't see it.
import { type SchemaType, json, query } from '../api';
import { versionLink } from '../router';
import { visible } from '../text';
import { Busy, Empty, Failure, T } from './basic';
import { useLoad } from './hooks';

export interface Node { subject: string; version: number; schemaType?: SchemaType; deleted: boolean; distance: number }
export interface ReferenceGraph { nodes: Node[]; edges: { from: number; to: number; name: string }[]; isWhole: boolean }

const WIDTH = 170;
const HEIGHT = 34;
const GAP_X = 46;
const GAP_Y = 10;
/** More than this nobody can follow with the eye. */
const DRAWN = 60;

const short = (text: string) => { const all = [...visible(text)]; return all.length > 22 ? `${all.slice(0, 10).join('')}…${all.slice(-10).join('')}` : text; };

export function Graph({ subject, version }: { subject: string; version: number }) {
  const found = useLoad((signal) => json<ReferenceGraph>(`accordant/v1/references${query({ subject, version })}`, { signal }), [subject, version]);
  if (found.error) return <Failure error={found.error} />;
  if (!found.value) return <Busy />;
  const { nodes, edges, isWhole } = found.value;
  if (nodes.length <= 1) return <Empty title="Nothing refers to it, and it refers to nothing." />;
  return (
    <>
      {nodes.length <= DRAWN && <Picture nodes={nodes} edges={edges} />}
      <details open={nodes.length > DRAWN}>
        <summary>{nodes.length - 1} as a list</summary>
        <ul class="plain">
          {nodes.map((node, at) => at > 0 && (
            <li key={at}><span class="dim">{node.distance < 0 ? 'refers to' : 'referred to by'}</span> <a href={versionLink(node.subject, node.version)}><T>{node.subject}</T> v{node.version}</a>{node.deleted && <span class="tag bad">deleted</span>}</li>
          ))}
        </ul>
      </details>
      {!isWhole && <p class="dim small">There is more than is shown.</p>}
    </>
  );
}

function Picture({ nodes, edges }: { nodes: Node[]; edges: ReferenceGraph['edges'] }) {
  const columns = new Map<number, number[]>();
  nodes.forEach((node, at) => columns.set(node.distance, [...(columns.get(node.distance) ?? []), at]));
  const order = [...columns.keys()].sort((a, b) => a - b);
  const tallest = Math.max(...[...columns.values()].map((column) => column.length));
  const places = new Map<number, { x: number; y: number }>();
  order.forEach((distance, column) => {
    const own = columns.get(distance) ?? [];
    const top = ((tallest - own.length) * (HEIGHT + GAP_Y)) / 2;
    own.forEach((at, row) => places.set(at, { x: column * (WIDTH + GAP_X), y: top + row * (HEIGHT + GAP_Y) }));
  });
  const width = order.length * WIDTH + (order.length - 1) * GAP_X;
  const height = tallest * (HEIGHT + GAP_Y) - GAP_Y;
  return (
    <div class="scroll graph" tabIndex={0} role="group" aria-label="What refers to what">
      <svg width={width + 4} height={height + 4} viewBox={`-2 -2 ${width + 4} ${height + 4}`} role="group" aria-label={`${nodes.length} versions and ${edges.length} references`}>
        {edges.map((edge, at) => {
          const from = places.get(edge.from);
          const to = places.get(edge.to);
          if (!from || !to) return null;
          // drawn from what is referred to, on the left, to what refers to it
          const [x1, y1, x2, y2] = [to.x + WIDTH, to.y + HEIGHT / 2, from.x, from.y + HEIGHT / 2];
          const bend = (x2 - x1) / 2;
          return <path key={at} class="edge" d={`M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`}><title>{edge.name}</title></path>;
        })}
        {nodes.map((node, at) => {
          const place = places.get(at);
          if (!place) return null;
          return (
            <a key={at} href={versionLink(node.subject, node.version)}>
              <g transform={`translate(${place.x} ${place.y})`} class={`node ${at === 0 ? 'self' : ''} ${node.deleted ? 'gone' : ''}`}>
                <rect width={WIDTH} height={HEIGHT} rx="6" />
                <text x="10" y="21">{short(node.subject)}<tspan class="dim"> v{node.version}</tspan></text>
                <title>{`${node.subject} version ${node.version}${node.deleted ? ', deleted' : ''}`}</title>
              </g>
            </a>
          );
        })}
      </svg>
    </div>
  );
}
