// Who is logged in, and how the pages look.
import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { ApiError, SESSION, json, login, prefix, query, whenUnauthorized } from './api';
import { dropDrafts } from './drafts';
import { refine, route } from './router';
import { parts } from './text';

export interface WhoAmI { principal: string; groups?: string[]; login?: string; unrestricted?: boolean; rules?: { effect: string; operations: string[]; subjects: string[] }[] }

export const whoami = signal<WhoAmI | null>(null);
/** The server wants a login. */
export const wantsLogin = signal(false);
whenUnauthorized(() => {
  wantsLogin.value = true;
  // what the browser has kept is good no longer: the password is another one, or the time is over
  if (login.kind === SESSION) endSession().catch(() => {});
});

const endSession = () => json(`accordant/v1/session${query({ path: prefix })}`, { method: 'DELETE' });

export async function loadIdentity() {
  try {
    whoami.value = await json<WhoAmI>('accordant/v1/whoami');
    // who is nobody may have been asked already who it is, by an answer that came before this one
    if (whoami.value.principal !== 'anonymous') wantsLogin.value = false;
  } catch (error) {
    // where a certificate is a must, nothing is answered without one
    if (error instanceof ApiError && error.status === 0 && location.protocol === 'https:' && login.kind === null) {
      login.useCertificate(true);
      return loadIdentity();
    }
    whoami.value = null;
  }
}

/** Sends a password or a token once; from then on a cookie stands for it, which no script can read. */
export async function beginSession(authorization: string): Promise<void> {
  await json('accordant/v1/session', { method: 'POST', authorization, body: { path: prefix } });
  login.useCertificate(false);
}

/** From now on the certificate of the browser is shown. */
export async function showCertificate(): Promise<void> {
  login.useCertificate(true);
  try {
    whoami.value = await json<WhoAmI>('accordant/v1/whoami');
    wantsLogin.value = false;
  } catch (error) {
    login.useCertificate(false);
    throw error;
  }
}

export async function logOut() {
  dropDrafts();
  login.useCertificate(false);
  // who has signed in at a provider signs out there as well, and comes back
  if (login.kind === SESSION && whoami.value?.login === 'oidc') return location.assign(new URL('logout', document.baseURI));
  if (login.kind === SESSION) await endSession().catch(() => {});
  location.reload();
}

/** The provider where one can sign in, if there is one. */
export async function provider(): Promise<string | null> {
  const answer = await fetch(new URL('sign-in.json', document.baseURI), { credentials: 'omit', cache: 'no-store' }).catch(() => null);
  return answer?.ok ? ((await answer.json()) as { issuer: string }).issuer : null;
}

/** Whether `*` in a pattern standing for any characters makes it a text. */
function isLike(pattern: string, text: string): boolean {
  const [first, ...rest] = pattern.split('*') as [string, ...string[]];
  if (rest.length === 0) return first === text;
  const last = rest.pop() as string;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - at >= last.length && text.endsWith(last);
}

/** Regular expressions of Karapace's permissions, which are the server's to read. */
const IS_REGEX = /^(Subject|Config):|[\\^$()[\]+?|{}]|\.\*/;

/** Whether a rule is about a subject; `null` where that can't be said here. */
function isAbout(patterns: string[], subject: string): boolean | null {
  if (patterns.some((pattern) => IS_REGEX.test(pattern))) return null;
  const own = parts(subject);
  return patterns.some((pattern) => {
    if (pattern === '*') return true;
    const { context: of, name } = parts(pattern);
    return isLike(of, own.context) && isLike(name, own.name);
  });
}

/** Whether an operation may be allowed, on a subject or somewhere: what is offered. What is done is decided by the server. */
export function may(operation: string, subject?: string): boolean {
  const who = whoami.value;
  if (!who) return true;
  const rules = (who.rules ?? []).filter((rule) => rule.operations.includes(operation));
  const denied = rules.some((rule) => rule.effect !== 'allow' && (subject === undefined ? rule.subjects.includes('*') : isAbout(rule.subjects, subject) === true));
  if (denied) return false;
  return Boolean(who.unrestricted) || rules.some((rule) => rule.effect === 'allow' && (subject === undefined || isAbout(rule.subjects, subject) !== false));
}

export type Theme = 'light' | 'dark' | 'system';
const THEME = 'accordant.theme';
export const theme = signal<Theme>((localStorage.getItem(THEME) as Theme | null) ?? 'system');
export function applyTheme(next: Theme) {
  theme.value = next;
  localStorage.setItem(THEME, next);
  if (next === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
}
applyTheme(theme.value);

/** The context that lists are of; empty means all. */
const CONTEXT = 'accordant.context';
export const context = signal<string>(sessionStorage.getItem(CONTEXT) ?? '');
export function chooseContext(next: string) {
  context.value = next;
  sessionStorage.setItem(CONTEXT, next);
}

/** The context of a page that has a list, and in its address: what that says when one comes counts before what was chosen. */
export function useListContext(): string {
  useState(() => {
    const asked = route.peek().query.get('context');
    if (asked !== null) chooseContext(asked);
  });
  const chosen = context.value;
  useEffect(() => { refine({ context: chosen }); }, [chosen]);
  return chosen;
}
