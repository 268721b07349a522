// Texts of schemas: the editor, and two of them side by side. The editor is loaded when it is first needed.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { SchemaType } from '../api';
import type { EditorHandle, EditorModule, Mark } from '../editor/index';
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
    <div class={`code ${tall ? 'tall' : ''}`}>
      {!ready && !failed && <Busy />}
      {failed && <pre tabIndex={0} aria-label={label}>{text}</pre>}
      <div ref={host} class="code-host" />
    </div>
  );
}

export function SideBySide({ old, next, type, labels }: { old: string; next: string; type: SchemaType; labels: [string, string] }) {
  const host = useRef<HTMLDivElement>(null);
  const [ready, setReady] = useState(false);
  useEffect(() => {
    let gone = false;
    let destroy = () => {};
    loadEditor().then((editor) => {
      if (gone || !host.current) return;
      destroy = editor.compare({ host: host.current, old, next, type, labels });
      setReady(true);
    }, () => {});
    return () => { gone = true; destroy(); };
  }, [old, next, type]);
  return <div class="code compare">{!ready && <Busy />}<div ref={host} class="code-host" /></div>;
}
