// Chromium, and what every page is held to.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--font-render-hinting=none'],
});

export const VIEWS = { light: { width: 1280, height: 800, colorScheme: 'light' }, dark: { width: 1280, height: 800, colorScheme: 'dark' }, phone: { width: 390, height: 844, colorScheme: 'light' } };

/** A page that notes what no page may do: break a policy, throw, run what it shows, ask another server. */
export async function open(browser, url, view = VIEWS.light) {
  const context = await browser.newContext({ viewport: { width: view.width, height: view.height }, colorScheme: view.colorScheme, reducedMotion: 'reduce', timezoneId: 'UTC', locale: 'en-GB' });
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => { faults.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on('console', (message) => {
    // Chromium writes style attributes of its own into what it edits; that they are not taken does no harm
    if (/Content Security Policy: (?!style-src-attr inline $)/.test(message.text())) faults.push(message.text());
  });
  page.on('request', (request) => { if (!request.url().startsWith(url) && !request.url().startsWith('data:') && !request.url().startsWith('blob:')) faults.push(`asks ${request.url()}`); });
  await page.addInitScript(() => { addEventListener('securitypolicyviolation', (event) => console.error(`Content Security Policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`)); });
  const to = async (hash) => {
    await page.goto(`${url}ui/${hash}`);
    await settled(page);
  };
  return { page, to, faults, close: () => context.close() };
}

/** Waits until nothing is being loaded any more. */
export async function settled(page) {
  await page.waitForLoadState('networkidle');
  await page.waitForFunction(() => !document.querySelector('.busy'), null, { timeout: 60_000 });
}

/** Nothing serious is found by axe. */
export async function accessible(page, where) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'], rules: { region: { enabled: false } } }));
  const bad = violations.filter((violation) => ['serious', 'critical', 'moderate'].includes(violation.impact));
  assert.deepEqual(bad.map((violation) => `${violation.id}: ${violation.nodes.slice(0, 3).map((node) => `${node.target.join(' ')} ${node.failureSummary?.split('\n')[1] ?? ''}`).join(' | ')}`), [], `axe on ${where}`);
}
