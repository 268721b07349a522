// A seeded registry for the tests of a file, and for each of them a page in which nothing may happen that no page may do.
import { after, afterEach, before, beforeEach } from 'node:test';
import assert from 'node:assert/strict';
import { VIEWS, launch, open } from './browser.mjs';
import { seed, start } from './server.mjs';

/** What tests use is there when they run. */
export function world(view = VIEWS.light) {
  const own = { server: null, browser: null, tab: null };
  before(async () => {
    own.server = await start();
    await seed(own.server.url);
    own.browser = await launch();
  });
  after(async () => {
    await own.browser?.close();
    await own.server?.stop();
  });
  beforeEach(async () => { own.tab = await open(own.browser, own.server.url, view); });
  afterEach(async () => {
    const { faults, close } = own.tab;
    await close();
    assert.deepEqual(faults, []);
  });
  return own;
}
