// Texts that try to be more than text, and those that are more than a page can hold.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { launch, open } from './browser.mjs';
import { HOSTILE, call, seedHostile, start } from './server.mjs';

let server, browser;
before(async () => {
  server = await start();
  await seedHostile(server.url);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Longest time that the page may leave a key unanswered. */
const PATIENCE = 60_000;
const answers = (page) => Promise.race([
  page.evaluate(() => document.title),
  new Promise((_, late) => { setTimeout(() => late(new Error('the page does not answer')), PATIENCE).unref(); }),
]);

test('what looks like markup is text wherever it is shown', async () => {
  const { page, to, faults, close } = await open(browser, server.url);
  const name = encodeURIComponent(HOSTILE);
  for (const hash of ['#/subjects', `#/subjects/${name}`, `#/subjects/${name}/versions/1`, `#/compare?subject=${name}`, `#/edit?subject=${name}`, '#/search?q=evil', '#/audit', `#/settings?scope=${name}`]) {
    await to(hash);
    assert.equal(await page.locator('main img:not(.cm-widgetBuffer)').count(), 0, hash);
    assert.deepEqual(faults, [], hash);
  }
  await to(`#/subjects/${name}`);
  assert.match(await page.locator('h1').innerText(), /<img src=x onerror=alert\(1\)>.*⟨U\+202E⟩/);
  await close();
});

test('a schema of ten thousand fields is shown, compared and edited', async () => {
  const fields = Array.from({ length: 10_000 }, (_, at) => ({ name: `field_${at}`, type: ['null', 'string'], default: null, doc: `The field with the number ${at}` }));
  await call(server.url, 'POST', 'subjects/wide/versions', { schema: JSON.stringify({ type: 'record', name: 'Wide', fields }) });
  await call(server.url, 'POST', 'subjects/wide/versions', { schema: JSON.stringify({ type: 'record', name: 'Wide', fields: fields.slice(1) }) });
  const { page, to, faults, close } = await open(browser, server.url);
  for (const [hash, sign] of [['#/subjects/wide/versions/2', '[role=treeitem]'], ['#/compare?subject=wide', '.changes li'], ['#/edit?subject=wide', '.cm-content']]) {
    await to(hash);
    await page.locator(sign).first().waitFor({ timeout: PATIENCE });
    await answers(page);
  }
  assert.deepEqual(faults, []);
  await close();
});

test('a schema of nearly four megabytes in one line is shown', async () => {
  const schema = JSON.stringify({ type: 'record', name: 'Long', doc: 'x'.repeat(3_900_000), fields: [{ name: 'a', type: 'int' }] });
  await call(server.url, 'POST', 'subjects/long/versions', { schema });
  const { page, to, faults, close } = await open(browser, server.url);
  await to('#/subjects/long/versions/1');
  await page.getByRole('treeitem', { name: /^a int/ }).waitFor({ timeout: PATIENCE });
  await answers(page);
  await to('#/subjects/long');
  await answers(page);
  assert.deepEqual(faults, []);
  await close();
});
