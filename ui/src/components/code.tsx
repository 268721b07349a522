// Texts of schemas: the editor, and two of them side by side. The editor is loaded when it is first needed.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { SchemaType } from '../api';
import type { CompareHandle, EditorHandle, EditorModule, Mark } from '../editor/index';
import { Busy } from './basic';

let loading: Promise<EditorModule> | null = null;
export const loadEditor = (): Promise<EditorModule> => {
  loading ??= import('./editor.js' as string) as Promise<EditorModule>;
  return loading;
};

/** Marks of findings, and where to look. */
export interface CodeProps {
  text: string;
  type: SchemaType;
  label: string;
  readOnly?: boolean;
  onChange?: (text: string) => void;
  marks?: Mark[];
  /** Scrolls there; a new object each time. */
  goTo?: { offset: number } | null;
  tall?: boolean;
}

/** Lines below which a text that is only read takes the room that it needs. */
const SHORT = 24;
const isShort = (text: string) => text.length < SHORT * 60 && text.split('\n').length < SHORT;

export function Code({ text, type, label, readOnly = true, onChange, marks = [], goTo, tall }: CodeProps) {
  const host = useRef<HTMLDivElement>(null);
  const handle = useRef<EditorHandle | null>(null);
  const change = useRef(onChange);
  change.current = onChange;
  const [failed, setFailed] = useState(false);
  const [ready, setReady] = useState(false);
  useEffect(() => {
    let gone = false;
    loadEditor().then((editor) => {
      if (gone || !host.current) return;
      handle.current = editor.create({ host: host.current, text, type, label, readOnly, onChange: (value) => change.current?.(value) });
      setReady(true);
    }, () => setFailed(true));
    return () => { gone = true; handle.current?.destroy(); handle.current = null; };
  }, [type, readOnly]);
  useEffect(() => { if (ready) handle.current?.setText(text); }, [text, ready]);
  useEffect(() => { if (ready) handle.current?.setMarks(marks); }, [marks, ready]);
  useEffect(() => { if (ready && goTo) handle.current?.goTo(goTo.offset); }, [goTo, ready]);
  return (
    <div class={`code ${tall ? 'tall' : ''} ${readOnly && isShort(text) ? 'short' : ''}`}>
      {!ready && !failed && <Busy />}
      {failed && <pre tabIndex={0} aria-label={label}>{text}</pre>}
      <div ref={host} class="code-host" />
    </div>
  );
}

interface SideBySideProps { old: string; next: string; type: SchemaType; labels: [string, string]; marks?: Mark[]; goTo?: { offset: number } | null }

/** What is said, and where to look, is about the newer text. */
export function SideBySide({ old, next, type, labels, marks = NONE, goTo }: SideBySideProps) {
  const host = useRef<HTMLDivElement>(null);
  const handle = useRef<CompareHandle | null>(null);
  const [ready, setReady] = useState(0);
  useEffect(() => {
    let gone = false;
    loadEditor().then((editor) => {
      if (gone || !host.current) return;
      handle.current = editor.compare({ host: host.current, old, next, type, labels });
      setReady((round) => round + 1);
    }, () => {});
    return () => { gone = true; handle.current?.destroy(); handle.current = null; };
  }, [old, next, type]);
  useEffect(() => { handle.current?.setMarks(marks); }, [marks, ready]);
  useEffect(() => { if (goTo) handle.current?.goTo(goTo.offset); }, [goTo]);
  return <div class="code compare">{ready === 0 && <Busy />}<div ref={host} class="code-host" /></div>;
}

const NONE: Mark[] = [];
