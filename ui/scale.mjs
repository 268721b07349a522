// How the pages feel with very many subjects: `node scale.mjs BINARY [SUBJECTS] [FOLDER]`, from ui/ after `npm ci`, with a release binary.
//
// A registry is filled with so many subjects (100,000 unless said) by `accordant import`, in FOLDER, where it stays and is taken again if it
// is given; then Chromium looks at it, and what a user sees is timed: the first page from the navigation to its rows, with nothing kept by
// the browser, right after the start, and when the server has counted everything and rests; a search from the last key to its results; jumps within the list to the rows that are there; and a scroll
// through it, by frames, and by rows in sight that are not there yet. Prints a table in Markdown.
import { execFileSync, spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { launch } from './tests/browser.mjs';

const [binary, count = '100000', kept] = process.argv.slice(2);
if (!binary) throw new Error('node scale.mjs BINARY [SUBJECTS] [FOLDER]');
const SUBJECTS = Number(count);
const folder = kept ? resolve(kept) : mkdtempSync(join(tmpdir(), 'accordant-scale-'));
const database = `sqlite://${join(folder, 'registry.db')}`;
const subject = (at) => `team-${at % 97}.service-${at % 1009}.topic-${String(at).padStart(7, '0')}-value`;

const OF = 'customer order product account invoice payment shipment address contact device session vehicle sensor employee contract ticket campaign supplier warehouse document'.split(' ');
const WHAT = 'id name state number code amount total price count time date version kind reason comment owner region country currency language weight height width address email'.split(' ');
/** 500 names, so that each is in some hundreds or thousands of schemas. */
const field = (at) => `${OF[at % OF.length]}_${WHAT[Math.floor(at / OF.length) % WHAT.length]}`;

/** A dump of `_schemas`: a schema of its own for each subject, a tenth each JSON Schema and Protobuf. */
async function fill() {
  const file = join(folder, 'schemas.txt');
  const out = createWriteStream(file);
  for (let at = 0; at < SUBJECTS; at++) {
    const fields = Array.from({ length: 2 + (at % 7) }, (_, n) => field(at * 7 + n * 13));
    const [type, schema] = at % 10 === 0 ? ['JSON', JSON.stringify({ title: `Entity${at}`, type: 'object', properties: Object.fromEntries(fields.map((name) => [name, { type: 'string' }])) })]
      : at % 10 === 1 ? ['PROTOBUF', `syntax = "proto3";\npackage p${at};\n\nmessage Entity {\n${fields.map((name, n) => `  string ${name} = ${n + 1};\n`).join('')}}\n`]
      : ['AVRO', JSON.stringify({ type: 'record', name: `Entity${at}`, namespace: 'com.example', fields: fields.map((name) => ({ name, type: 'string', doc: 'What the source said.' })) })];
    const key = { keytype: 'SCHEMA', subject: subject(at), version: 1, magic: 1 };
    const value = { subject: subject(at), version: 1, id: at + 1, ...(type === 'AVRO' ? {} : { schemaType: type }), schema, deleted: false };
    if (!out.write(`${JSON.stringify(key)}\t${JSON.stringify(value)}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
  const begun = Date.now();
  execFileSync(binary, ['import', file, '--database', database], { stdio: ['ignore', 'ignore', 'pipe'] });
  rmSync(file);
  console.error(`filled in ${((Date.now() - begun) / 1000).toFixed(1)} s`);
}

async function serve() {
  const server = spawn(binary, ['serve', '--listen', '127.0.0.1:0', '--database', database], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  const url = await new Promise((found, failed) => {
    const read = (piece) => {
      log += piece;
      const address = /listening on [^\n]*?127\.0\.0\.1:(\d+)/.exec(log);
      if (address) found(`http://localhost:${address[1]}/`);
    };
    server.stdout.on('data', read);
    server.stderr.on('data', read);
    server.on('exit', () => failed(new Error(log)));
  });
  return { url, rests: () => rests(server.pid), stop: async () => { server.kill('SIGTERM'); await once(server, 'exit'); } };
}

/** When a process has done next to nothing for a second: after its start it counts what there is. */
async function rests(pid) {
  const ticks = () => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13).map(Number).reduce((one, other) => one + other);
  for (let before = ticks() - 100; ticks() - before > 3;) {
    before = ticks();
    await new Promise((done) => setTimeout(done, 1000));
  }
}

const sorted = (times) => [...times].sort((one, other) => one - other);
const median = (times) => sorted(times)[Math.floor(times.length / 2)];
const most = (times) => Math.max(...times);
const shown = (times) => `${median(times).toFixed(0)} ms (most ${most(times).toFixed(0)}, of ${times.length})`;

/** From the navigation until the rows that are in sight are there, in a browser that has kept nothing. */
async function firstPage(browser, url) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.addInitScript(() => {
    const look = () => {
      const rows = [...document.querySelectorAll('.long-row')];
      if (rows.length > 0 && rows.every((row) => !row.querySelector('.placeholder'))) requestAnimationFrame(() => { globalThis.seenAt = performance.now(); });
      else requestAnimationFrame(look);
    };
    look();
  });
  await page.goto(`${url}ui/`);
  await page.waitForFunction(() => globalThis.seenAt > 0);
  const time = await page.evaluate(() => globalThis.seenAt);
  await context.close();
  return time;
}

/** From the last key until the results are there, each asked for the first time. */
async function search(page, url, words) {
  // begun anew, so that nothing is left of the search before
  await page.goto('about:blank');
  await page.goto(`${url}ui/#/search`);
  await page.waitForLoadState('networkidle');
  const box = page.getByRole('searchbox', { name: 'Search for' });
  await box.waitFor();
  await page.evaluate(() => {
    globalThis.foundAt = undefined;
    addEventListener('input', () => {
      const begun = performance.now();
      const look = () => {
        if (document.querySelector('.results')) requestAnimationFrame(() => { globalThis.foundAt = performance.now() - begun; });
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    }, { once: true, capture: true });
  });
  // as one key
  await box.fill(words);
  await page.waitForFunction(() => globalThis.foundAt !== undefined, null, { timeout: 30_000 });
  return page.evaluate(() => globalThis.foundAt);
}

/** Until the rows are there that a drag of the scroll bar to a part of the list shows. */
const jump = (page, part) => page.evaluate((part) => new Promise((done) => {
  const frame = document.querySelector('.long-frame');
  frame.scrollTop = (frame.scrollHeight - frame.clientHeight) * part;
  const begun = performance.now();
  const look = () => {
    const rows = [...document.querySelectorAll('.long-row')];
    if (performance.now() - begun > 60 && rows.length > 0 && rows.every((row) => !row.querySelector('.placeholder'))) done(performance.now() - begun);
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}), part);

/** Frames of a wheel that turns for some seconds, and how many rows in sight were not there yet in each. */
const scroll = (page) => page.evaluate(() => new Promise((done) => {
  const frame = document.querySelector('.long-frame');
  const [times, gaps] = [[], []];
  let last = performance.now();
  const end = last + 4000;
  const step = (now) => {
    times.push(now - last);
    last = now;
    frame.scrollTop += 40;
    const { top, bottom } = frame.getBoundingClientRect();
    const inSight = [...document.querySelectorAll('.long-row')].filter((row) => { const at = row.getBoundingClientRect(); return at.bottom > top && at.top < bottom; });
    const room = Math.floor((bottom - top) / 36) - 2;
    gaps.push(inSight.filter((row) => row.querySelector('.placeholder')).length + Math.max(0, room - inSight.length));
    if (now < end) requestAnimationFrame(step);
    else done({ times: times.slice(1), gaps });
  };
  requestAnimationFrame(step);
}));

if (!existsSync(join(folder, 'registry.db'))) await fill();
const server = await serve();
const browser = await launch();
try {
  // a process that has just been started reads everything for the first time
  const cold = await firstPage(browser, server.url);
  await server.rests();
  const first = [];
  for (let at = 0; at < 15; at++) first.push(await firstPage(browser, server.url));
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  const [bySubject, byField] = [[], []];
  for (let at = 0; at < 15; at++) {
    const number = String((at * 6_997 + 4_321) % SUBJECTS).padStart(7, '0');
    bySubject.push(await search(page, server.url, `topic ${number}`));
    byField.push(await search(page, server.url, field(at * 331 + 17)));
  }
  await page.goto(`${server.url}ui/#/subjects`);
  await page.locator('.long-row').first().waitFor();
  await page.waitForTimeout(500);
  const jumps = [];
  for (let at = 1; at <= 15; at++) jumps.push(await jump(page, at === 15 ? 1 : (at * 0.618) % 1));
  const end = await page.locator('.long-row').last().innerText();
  const { times, gaps } = await scroll((await page.evaluate(() => { document.querySelector('.long-frame').scrollTop = 0; }), page));
  console.log(`| ${SUBJECTS.toLocaleString('en')} subjects | |\n| --- | --- |`);
  console.log(`| the first page, just started | ${cold.toFixed(0)} ms |`);
  console.log(`| the first page | ${shown(first)} |`);
  console.log(`| a search for a subject, from the last key | ${shown(bySubject)} |`);
  console.log(`| a search for a field, from the last key | ${shown(byField)} |`);
  console.log(`| a jump within the list | ${shown(jumps)} |`);
  console.log(`| frames while scrolling | ${median(times).toFixed(1)} ms, 99 of 100 below ${sorted(times)[Math.floor(times.length * 0.99)].toFixed(1)} ms |`);
  console.log(`| rows in sight that were not there yet | ${gaps.reduce((sum, own) => sum + own, 0)} in ${gaps.length} frames |`);
  console.error(`the last row: ${end.replace(/\s+/g, ' ')}; load ${loadavg()[0].toFixed(1)}`);
} finally {
  await browser.close();
  await server.stop();
  if (!kept) rmSync(folder, { recursive: true, force: true });
}
