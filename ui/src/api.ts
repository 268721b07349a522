// The way to the server: nothing but the public API, with the login that was typed in, if any.

/** The folder above `/ui/`: where the API begins, whatever prefix a proxy puts before it. */
const base = new URL('../', document.baseURI);

/** What the server says is wrong, in its own words. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: number,
    message: string,
    /** Findings of a refused change. */
    readonly findings: Finding[] = [],
  ) {
    super(message);
  }
}

export interface Place { pointer: string; line?: number; column?: number }
export interface Finding {
  note?: boolean;
  rule: string;
  path: string;
  message: string;
  oldVersion?: number;
  engine?: string;
  new?: Place;
  old?: Place;
  explanation: string;
  remedy?: string;
  counterExample?: string;
}
export interface Reference { name: string; subject: string; version: number }
export interface Metadata { tags?: Record<string, string[]>; properties?: Record<string, string>; sensitive?: string[] }
export interface Rule { name: string; doc?: string; kind: string; mode: string; type: string; tags?: string[]; params?: Record<string, string>; expr?: string; onSuccess?: string; onFailure?: string; disabled?: boolean }
export interface RuleSet { migrationRules?: Rule[]; domainRules?: Rule[]; encodingRules?: Rule[] }
export type SchemaType = 'AVRO' | 'JSON' | 'PROTOBUF';
export interface Version {
  subject: string;
  version: number;
  id: number;
  guid?: string;
  schemaType?: SchemaType;
  schema: string;
  references?: Reference[];
  metadata?: Metadata;
  ruleSet?: RuleSet;
  ts?: number;
  deleted?: boolean;
}
export interface Config { [key: string]: unknown; compatibilityLevel?: string }

const LOGIN = 'accordant.login';
/** Stands for the certificate that the browser shows by itself. */
export const CERTIFICATE = 'certificate';
/** Stands for the cookies of a session, begun with a password or a token or at the provider. */
export const SESSION = 'session';
/** Scripts see that there is a session, and nothing of it. */
const hasSession = () => /(?:^|;\s*)accordant-signed-in=1/.test(document.cookie);
export const login = {
  get kind(): typeof CERTIFICATE | typeof SESSION | null { return hasSession() ? SESSION : sessionStorage.getItem(LOGIN) === CERTIFICATE ? CERTIFICATE : null; },
  /** No secret is kept where scripts find it. */
  useCertificate(yes: boolean) { yes ? sessionStorage.setItem(LOGIN, CERTIFICATE) : sessionStorage.removeItem(LOGIN); },
};
export const basic = (user: string, password: string) => {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
};

/** Called when the server wants to know who asks. */
let onUnauthorized = () => {};
export const whenUnauthorized = (call: () => void) => { onUnauthorized = call; };

interface Options { method?: string; body?: unknown; raw?: BodyInit; type?: string; reason?: string; authorization?: string; signal?: AbortSignal; accept?: string }

export async function request(path: string, options: Options = {}): Promise<Response> {
  // `accordant-session` is what other pages can't say: that this is not one of them; to whom it says so no password is offered, for which the
  // browser would ask by itself
  const headers: Record<string, string> = { 'accordant-usage': 'none', 'accordant-session': '1', accept: options.accept ?? 'application/vnd.schemaregistry.v1+json, application/json;q=0.9, */*;q=0.1' };
  const shown = login.kind;
  if (options.authorization) headers.authorization = options.authorization;
  if (options.reason) headers['x-change-reason'] = options.reason;
  let body: BodyInit | undefined = options.raw;
  if (options.body !== undefined) {
    body = JSON.stringify(options.body);
    headers['content-type'] = 'application/vnd.schemaregistry.v1+json';
  }
  if (options.type) headers['content-type'] = options.type;
  let response: Response;
  try {
    // a login that the browser may remember is not sent unless that was chosen
    response = await fetch(new URL(path.replace(/^\//, ''), base), {
      method: options.method ?? 'GET', headers, body, credentials: shown || options.authorization ? 'same-origin' : 'omit', cache: 'no-store', signal: options.signal,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 0, 'The registry does not answer.');
  }
  if (response.ok) return response;
  const text = await response.text();
  let code = response.status;
  let message = text || response.statusText;
  let findings: Finding[] = [];
  try {
    const said = JSON.parse(text);
    code = said.error_code ?? code;
    message = said.message ?? said.detail ?? said.title ?? message;
    findings = said.findings ?? said.details?.findings ?? [];
  } catch { /* not JSON: shown as it is */ }
  if (response.status === 401 && !options.authorization) onUnauthorized();
  throw new ApiError(response.status, code, message, findings);
}

export async function json<T>(path: string, options: Options = {}): Promise<T> {
  return (await request(path, options)).json() as Promise<T>;
}

export const enc = encodeURIComponent;
export const subjectPath = (subject: string) => `subjects/${enc(subject)}`;
export const query = (values: Record<string, string | number | boolean | undefined | null>) => {
  const out = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    if (value !== undefined && value !== null && value !== '' && value !== false) out.set(key, String(value));
  }
  const text = out.toString();
  return text ? `?${text}` : '';
};

/** Where the registry is for this browser, whatever prefix a proxy puts before it: what its cookies are for. */
export const prefix = base.pathname;

/** The address of a path of the API, as others would write it. */
export const address = (path: string) => new URL(path.replace(/^\//, ''), base).href;
