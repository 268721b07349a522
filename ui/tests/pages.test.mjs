// Every page in light, dark and at the width of a phone: nothing fails, nothing is asked of others, axe finds nothing serious. Pictures go to
// the folder that UI_PICTURES names.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { VIEWS, accessible, launch, open } from './browser.mjs';
import { HOSTILE, seed, seedHostile, start } from './server.mjs';

const PAGES = {
  subjects: ['#/subjects', 'customers-value'],
  subject: ['#/subjects/orders-value', 'Version 3'],
  references: ['#/subjects/money', 'payments-value'],
  version: ['#/subjects/orders-value/versions/3', 'logicalType'],
  compare: ['#/compare?subject=orders-value&from=1', 'com.acme.shop.Order.note'],
  editor: ['#/edit?subject=orders-value', 'Compatible under BACKWARD'],
  'new-subject': ['#/edit', 'New subject'],
  search: ['#/search?q=customer', 'com.acme.shop.Order.customerId'],
  deleted: ['#/deleted', 'retired-value'],
  settings: ['#/settings?scope=payments-value', 'Both ways with every version.'],
  try: ['#/try?subject=customers-value', 'Valid'],
  cloudevents: ['#/cloudevents', 'com.acme.order.*'],
  audit: ['#/audit', 'CHG-4711'],
  health: ['#/health', 'Ready'],
  hostile: [`#/subjects/${encodeURIComponent(HOSTILE)}/versions/1`, 'onerror'],
};
const pictures = process.env.UI_PICTURES;

let server, browser;
before(async () => {
  server = await start();
  await seed(server.url);
  browser = await launch();
  if (pictures) mkdirSync(pictures, { recursive: true });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

for (const [view, size] of Object.entries(VIEWS)) {
  test(`every page holds in ${view}`, async (t) => {
    const { page, to, faults, close } = await open(browser, server.url, size);
    for (const [name, [hash, text]] of Object.entries(PAGES)) {
      await t.test(name, async () => {
        if (name === 'hostile') await seedHostile(server.url);
        await to(hash);
        await page.getByText(text, { exact: false }).first().waitFor({ timeout: 60_000 });
        if (name === 'editor') await page.locator('.code-host').first().waitFor();
        await accessible(page, `${name} in ${view}`);
        if (pictures) await page.screenshot({ path: join(pictures, `${name}-${view}.png`) });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(wide <= 1, `${name} scrolls sideways by ${wide}`);
        assert.deepEqual(faults.splice(0), []);
      });
    }
    await close();
  });
}
