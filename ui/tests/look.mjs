import { start, seed, HOSTILE } from './server.mjs';
import { launch, open, VIEWS } from './browser.mjs';
import { mkdirSync } from 'node:fs';
const out = process.argv[2]; mkdirSync(out, { recursive: true });
const only = process.argv[3]; const views = (process.argv[4] ?? 'light').split(',');
const server = await start(); await seed(server.url);
const browser = await launch();
const P = { subjects: '#/subjects', subject: '#/subjects/orders-value', money: '#/subjects/money', version: '#/subjects/orders-value/versions/3', compare: '#/compare?subject=orders-value&from=1', edit: '#/edit?subject=orders-value', new: '#/edit', search: '#/search?q=customer', deleted: '#/deleted', settings: '#/settings', settings2: '#/settings?scope=payments-value', try: '#/try?subject=customers-value', cloudevents: '#/cloudevents', audit: '#/audit', health: '#/health', hostile: `#/subjects/${encodeURIComponent(HOSTILE)}`, hostilev: `#/subjects/${encodeURIComponent(HOSTILE)}/versions/1` };
for (const v of views) { const { page, to, faults, close } = await open(browser, server.url, VIEWS[v]);
for (const [name, hash] of Object.entries(P)) { if (only && only !== 'all' && !only.split(',').includes(name)) continue;
  try { await to(hash); await page.waitForTimeout(500); } catch (e) { console.log(name, e.message.split('\n')[0]); }
  await page.screenshot({ path: `${out}/${name}-${v}.png` }); }
console.log(v, faults); await close(); }
await browser.close(); await server.stop();
