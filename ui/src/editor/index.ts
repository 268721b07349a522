// CodeMirror, in a shadow root: there its styles are sheets of their own, which a page may have without inline styles being allowed.
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { HighlightStyle, StreamLanguage, bracketMatching, codeFolding, foldGutter, foldKeymap, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { MergeView, getChunks, uncollapseUnchanged, unifiedMergeView } from '@codemirror/merge';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { EditorState, type Extension } from '@codemirror/state';
import { EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers } from '@codemirror/view';
import { tags as t } from '@lezer/highlight';
import type { SchemaType } from '../api';
import { protobuf } from './protobuf';

/** Something to be said about a part of the text. */
export interface Mark {
  from: number;
  to: number;
  severity: 'error' | 'warning' | 'info';
  message: string;
  why?: string;
  fix?: string;
  example?: string;
  /** What the buttons that mend it say, and do. */
  apply: { label: string; run: () => void }[];
}

export interface EditorHandle {
  setText(text: string): void;
  setMarks(marks: Mark[]): void;
  goTo(offset: number): void;
  destroy(): void;
}

export interface EditorModule {
  create(options: { host: HTMLElement; text: string; type: SchemaType; label: string; readOnly: boolean; onChange: (text: string) => void }): EditorHandle;
  compare(options: { host: HTMLElement; old: string; next: string; type: SchemaType; labels: [string, string] }): CompareHandle;
}

/** Two texts; what is said is about the newer one. */
export type CompareHandle = Pick<EditorHandle, 'setMarks' | 'goTo' | 'destroy'>;

/** Above this nothing is coloured or folded: it would take longer than anybody waits. */
const LARGE = 1 << 20;

const colours = HighlightStyle.define([
  { tag: [t.propertyName, t.definition(t.variableName)], color: 'var(--code-name)' },
  { tag: [t.string, t.special(t.string)], color: 'var(--code-string)' },
  { tag: [t.number, t.bool, t.null, t.atom], color: 'var(--code-number)' },
  { tag: [t.keyword, t.modifier], color: 'var(--code-keyword)' },
  { tag: [t.typeName], color: 'var(--code-type)' },
  { tag: [t.comment], color: 'var(--dim)', fontStyle: 'italic' },
]);

const look = EditorView.theme({
  '&': { color: 'var(--text)', backgroundColor: 'var(--surface)', fontSize: '13px', height: '100%' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.5' },
  '.cm-content': { caretColor: 'var(--accent)' },
  // the frame around all of it says that it is in focus, not only the part beside the line numbers
  '&.cm-focused': { outline: 'none' },
  '.cm-gutters': { backgroundColor: 'var(--surface)', color: 'var(--dim)', borderRight: '1px solid var(--line)' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--hover)' },
  '.cm-selectionBackground, &.cm-focused .cm-selectionBackground': { background: 'var(--selection) !important' },
  '.cm-cursor': { borderLeftColor: 'var(--accent)' },
  '.cm-foldPlaceholder': { backgroundColor: 'var(--hover)', border: '1px solid var(--line)', color: 'var(--dim)' },
  '.cm-tooltip': { backgroundColor: 'var(--surface)', border: '1px solid var(--line-strong)', color: 'var(--text)', borderRadius: '6px', maxWidth: '36rem' },
  '.cm-diagnostic': { padding: '8px 12px', fontFamily: 'var(--sans)', whiteSpace: 'normal' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--bad)' },
  '.cm-diagnosticAction': { backgroundColor: 'var(--accent)', color: 'var(--on-accent)', padding: '4px 8px', borderRadius: '4px' },
  '.cm-panels': { backgroundColor: 'var(--surface)', color: 'var(--text)' },
  '.cm-searchMatch': { backgroundColor: 'var(--selection)' },
  '.cm-changedLine': { backgroundColor: 'var(--changed) !important' },
  '.cm-deletedChunk': { backgroundColor: 'var(--removed)' },
  '.cm-deletedChunk .cm-deletedText': { background: 'var(--removed-strong) !important' },
  '&.cm-merge-a .cm-changedLine, .cm-merge-a .cm-changedLine': { backgroundColor: 'var(--removed) !important' },
  '&.cm-merge-b .cm-changedLine': { backgroundColor: 'var(--added) !important' },
  '&.cm-merge-a .cm-changedText': { background: 'var(--removed-strong)' },
  '&.cm-merge-b .cm-changedText': { background: 'var(--added-strong)' },
  '.cm-collapsedLines': { background: 'var(--hover) !important', color: 'var(--dim)', padding: '2px 6px' },
  '.cm-collapsedLines:before, .cm-collapsedLines:after': { content: '"⋯" !important', margin: '0 6px' },
  '.m-why, .m-fix, .m-example': { margin: '4px 0 0' },
  '.m-key': { color: 'var(--dim)', marginRight: '4px' },
  '.m-value': { fontFamily: 'var(--mono)', overflowWrap: 'anywhere' },
  '.m-message': { fontWeight: '600', overflowWrap: 'anywhere' },
});

function language(type: SchemaType, length: number): Extension {
  if (length > LARGE) return [];
  const own = type === 'PROTOBUF' ? StreamLanguage.define(protobuf) : json();
  return [own, codeFolding(), foldGutter(), bracketMatching(), syntaxHighlighting(colours)];
}

function common(type: SchemaType, length: number, label: string): Extension[] {
  return [
    lineNumbers(),
    highlightSpecialChars(),
    drawSelection(),
    search({ top: true }),
    highlightSelectionMatches(),
    keymap.of([...defaultKeymap, ...searchKeymap, ...foldKeymap, ...lintKeymap]),
    language(type, length),
    look,
    EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', tabindex: '0' }),
    ...(length > LARGE ? [] : [EditorView.lineWrapping]),
  ];
}

/** A root of its own for the styles; one left by an editor before is emptied and used again. */
function rootIn(host: HTMLElement): { root: ShadowRoot; parent: HTMLElement } {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  root.replaceChildren();
  const parent = document.createElement('div');
  parent.style.height = '100%';
  root.append(parent);
  return { root, parent };
}

/** One line of what is said: texts of others are only ever text. */
function line(className: string, key: string, text: string): HTMLElement {
  const p = document.createElement('p');
  p.className = className;
  if (key) {
    const label = document.createElement('span');
    label.className = 'm-key';
    label.textContent = key;
    p.append(label);
  }
  const value = document.createElement('span');
  if (className === 'm-example') value.className = 'm-value';
  value.textContent = text;
  p.append(value);
  return p;
}

function said(mark: Mark): Node {
  const out = document.createElement('div');
  out.append(line('m-message', '', mark.message));
  if (mark.why) out.append(line('m-why', 'Rule', mark.why));
  if (mark.fix) out.append(line('m-fix', 'Fix', mark.fix));
  if (mark.example) out.append(line('m-example', 'Breaks on', mark.example));
  return out;
}

export const create: EditorModule['create'] = ({ host, text, type, label, readOnly, onChange }) => {
  const { root, parent } = rootIn(host);
  let silent = false;
  const extensions: Extension[] = [
    ...common(type, text.length, label),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    EditorView.updateListener.of((update) => { if (update.docChanged && !silent) onChange(update.state.doc.toString()); }),
  ];
  if (readOnly) extensions.push(EditorState.readOnly.of(true));
  else extensions.push(history(), indentOnInput(), lintGutter(), keymap.of([...historyKeymap, indentWithTab]));
  const view = new EditorView({ state: EditorState.create({ doc: text, extensions }), parent, root });
  return {
    setText(next) {
      if (next === view.state.doc.toString()) return;
      silent = true;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } });
      silent = false;
    },
    ...pointer(view),
    destroy() { view.destroy(); },
  };
};

/** Says things about parts of a text, and goes to them. */
function pointer(view: EditorView): Pick<EditorHandle, 'setMarks' | 'goTo'> {
  return {
    setMarks(marks) {
      const end = view.state.doc.length;
      const diagnostics = marks.map((mark): Diagnostic => {
        const from = Math.max(0, Math.min(mark.from, end));
        const to = Math.max(from, Math.min(mark.to, end));
        const { apply } = mark;
        return {
          from, to, severity: mark.severity, message: mark.message, renderMessage: () => said(mark),
          actions: apply.map((own) => ({ name: own.label, apply: () => own.run() })),
        };
      });
      view.dispatch(setDiagnostics(view.state, diagnostics));
    },
    goTo(offset) {
      const at = Math.max(0, Math.min(offset, view.state.doc.length));
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) });
      view.focus();
    },
  };
}

/** Pixels in which two texts have no room beside each other. */
const NARROW = 600;

/** Lines that are alike are folded away, but for some around what differs. */
const collapseUnchanged = { margin: 3, minSize: 6 };

/** Unfolds the lines that are alike around one of the newer text; on both sides, where there are two. */
function unfold(a: EditorView | null, b: EditorView, offset: number) {
  const lineAt = (view: EditorView, at: number) => view.state.doc.lineAt(Math.min(at, view.state.doc.length)).number;
  const [wanted, chunks] = [lineAt(b, offset), getChunks(b.state)?.chunks ?? []];
  let [endA, endB] = [0, 0];
  for (const chunk of [...chunks, null]) {
    const [firstA, firstB] = endB === 0 ? [1, 1] : [endA + collapseUnchanged.margin, endB + collapseUnchanged.margin];
    const last = chunk ? lineAt(b, chunk.fromB) - 1 - collapseUnchanged.margin : b.state.doc.lines;
    if (wanted >= firstB && wanted <= last) {
      a?.dispatch({ effects: uncollapseUnchanged.of(a.state.doc.line(Math.min(firstA, a.state.doc.lines)).from) });
      b.dispatch({ effects: uncollapseUnchanged.of(b.state.doc.line(firstB).from) });
      return;
    }
    if (chunk) [endA, endB] = [a ? lineAt(a, chunk.toA) : 0, lineAt(b, chunk.toB)];
  }
}

export const compare: EditorModule['compare'] = ({ host, old, next, type, labels }) => {
  const { root, parent } = rootIn(host);
  const diffConfig = { scanLimit: 2000, timeout: 500 };
  if (host.clientWidth < NARROW) {
    // what is gone stands above what has come
    const both = unifiedMergeView({ original: old, mergeControls: false, gutter: true, collapseUnchanged, diffConfig });
    const view = new EditorView({ doc: next, extensions: [...common(type, Math.max(old.length, next.length), `${labels[0]}, ${labels[1]}`), EditorState.readOnly.of(true), lintGutter(), both], parent, root });
    return comparing(null, view, () => view.destroy());
  }
  const side = (text: string, label: string) => ({ doc: text, extensions: [...common(type, text.length, label), EditorState.readOnly.of(true)] });
  const newer = side(next, labels[1]);
  const view = new MergeView({
    a: side(old, labels[0]), b: { ...newer, extensions: [...newer.extensions, lintGutter()] }, parent, root,
    collapseUnchanged, gutter: true, diffConfig,
  });
  return comparing(view.a, view.b, () => view.destroy());
};

function comparing(older: EditorView | null, newer: EditorView, destroy: () => void): CompareHandle {
  const { goTo, setMarks } = pointer(newer);
  return { setMarks, destroy, goTo(offset) { unfold(older, newer, offset); goTo(offset); } };
}
