// What a schema declares, to be unfolded and walked with the keys.
import { useMemo, useRef, useState } from 'preact/hooks';
import { count } from '../text';
import { T } from './basic';

export interface Declaration { kind: string; parent?: number; path: string; name: string; type?: string; facts?: { name: string; value: string }[]; line?: number; column?: number }
export interface Outline { declarations: Declaration[]; isWhole: boolean }

/** Rows that are drawn at once; further ones are asked for. */
const DRAWN = 300;
/** From here on only the outermost level is unfolded. */
const FOLDED = 200;

export function Tree({ outline, onChoose }: { outline: Outline; onChoose?: (line: number, column: number) => void }) {
  const { declarations } = outline;
  const children = useMemo(() => {
    const inside = new Map<number, number[]>();
    declarations.forEach((own, at) => {
      if (own.parent === undefined) return;
      const others = inside.get(own.parent);
      if (others) others.push(at); else inside.set(own.parent, [at]);
    });
    return inside;
  }, [declarations]);
  const [folded, setFolded] = useState(() => new Set(declarations.length > FOLDED ? declarations.map((_, at) => at).filter((at) => at > 0 && declarations[at]?.parent !== 0 && children.has(at)) : []));
  const [drawn, setDrawn] = useState(DRAWN);
  const [at, setAt] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const rows: { at: number; depth: number }[] = [];
  const visit = (place: number, depth: number) => {
    if (rows.length > drawn || depth > 60) return;
    rows.push({ at: place, depth });
    if (!folded.has(place)) for (const inside of children.get(place) ?? []) visit(inside, depth + 1);
  };
  if (declarations.length > 0) visit(0, 0);
  const shown = rows.slice(0, drawn);
  const toggle = (place: number) => setFolded((before) => { const next = new Set(before); if (!next.delete(place)) next.add(place); return next; });
  const move = (to: number) => {
    const row = shown[Math.max(0, Math.min(to, shown.length - 1))];
    if (!row) return;
    setAt(row.at);
    list.current?.querySelector<HTMLElement>(`[data-at="${row.at}"]`)?.focus();
  };
  const choose = (own: Declaration | undefined) => { if (own?.line !== undefined && own.column !== undefined) onChoose?.(own.line, own.column); };
  const onKey = (event: KeyboardEvent) => {
    const row = shown.findIndex((entry) => entry.at === at);
    const own = declarations[at];
    switch (event.key) {
      case 'ArrowDown': move(row + 1); break;
      case 'ArrowUp': move(row - 1); break;
      case 'Home': move(0); break;
      case 'End': move(shown.length - 1); break;
      case 'ArrowRight': if (folded.has(at)) toggle(at); else move(row + 1); break;
      case 'ArrowLeft': if (children.has(at) && !folded.has(at)) toggle(at); else if (own?.parent !== undefined) move(shown.findIndex((entry) => entry.at === own.parent)); break;
      case 'Enter': case ' ': choose(own); break;
      default: return;
    }
    event.preventDefault();
  };
  return (
    <>
      <ul class="tree" role="tree" aria-label="Declarations" ref={list} onKeyDown={onKey}>
        {shown.map(({ at: place, depth }) => {
          const own = declarations[place] as Declaration;
          const inside = children.get(place);
          const said = own.facts?.find((fact) => fact.name === 'doc' || fact.name === 'description');
          const others = own.facts?.filter((fact) => fact !== said && fact.name !== 'title') ?? [];
          return (
            <li key={place} data-at={place} role="treeitem" aria-level={depth + 1} aria-expanded={inside ? !folded.has(place) : undefined} aria-selected={place === at} tabIndex={place === at ? 0 : -1}
              style={{ paddingLeft: `${Math.min(depth, 12) * 16 + 4}px` }} onClick={() => { setAt(place); choose(own); }}>
              {inside ? <span class="fold" aria-hidden="true" onClick={(event) => { event.stopPropagation(); toggle(place); }}>{folded.has(place) ? '▸' : '▾'}</span> : <span class="fold" />}
              <span class="tree-body">
                <span><T class="mono name">{own.name || own.path || own.kind}</T> {own.type && own.type !== own.name && <T class="mono kind">{own.type.length > 200 ? `${own.type.slice(0, 200)}…` : own.type}</T>} <span class="dim small">{own.kind}</span></span>
                {said && <span class="dim small doc"><T>{said.value.slice(0, 500)}</T></span>}
                {others.length > 0 && <span class="facts">{others.slice(0, 12).map((fact) => <span class="fact" key={fact.name}><span class="dim">{fact.name}</span> <T class="mono">{fact.value.slice(0, 120)}</T></span>)}</span>}
              </span>
            </li>
          );
        })}
      </ul>
      {rows.length > drawn && <p><button type="button" class="quiet" onClick={() => setDrawn(drawn + 1000)}>More of {count(declarations.length)}</button></p>}
      {!outline.isWhole && <p class="dim small">There is more than is listed.</p>}
    </>
  );
}
