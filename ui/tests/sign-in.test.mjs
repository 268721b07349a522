// Signing in at a provider, which stands in for a real one.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { accessible, launch, open } from './browser.mjs';
import { start, temporaryFolder } from './server.mjs';

const CLIENT = 'accordant-ui';
const SECRET = 'a secret: with % in it';
const listen = (server) => new Promise((done) => server.listen(0, '127.0.0.1', () => done(server.address().port)));
const freePort = async () => { const server = createServer(); const port = await listen(server); await new Promise((done) => server.close(done)); return port; };

/** A provider whose only user is logged in already. */
async function startProvider() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const codes = new Map();
  const ended = [];
  let url;
  const server = createServer(async (request, response) => {
    const asked = new URL(request.url, url);
    const say = (status, body) => { response.writeHead(status, { 'content-type': 'application/json' }); response.end(JSON.stringify(body)); };
    if (asked.pathname === '/.well-known/openid-configuration') return say(200, { issuer: url, jwks_uri: `${url}/keys`, authorization_endpoint: `${url}/authorize`, token_endpoint: `${url}/token`, end_session_endpoint: `${url}/end` });
    if (asked.pathname === '/end') {
      ended.push(Object.fromEntries(asked.searchParams));
      response.writeHead(302, { location: asked.searchParams.get('post_logout_redirect_uri') });
      return response.end();
    }
    if (asked.pathname === '/keys') return say(200, { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: '1', use: 'sig', alg: 'ES256' }] });
    if (asked.pathname === '/authorize') {
      const code = randomUUID();
      codes.set(code, Object.fromEntries(asked.searchParams));
      const back = new URL(asked.searchParams.get('redirect_uri'));
      back.search = new URLSearchParams({ code, state: asked.searchParams.get('state'), iss: url }).toString();
      response.writeHead(302, { location: back.href });
      return response.end();
    }
    let body = '';
    for await (const piece of request) body += piece;
    const form = new URLSearchParams(body);
    const begun = codes.get(form.get('code'));
    codes.delete(form.get('code'));
    const [id, secret] = Buffer.from((request.headers.authorization ?? '').replace('Basic ', ''), 'base64').toString().split(':').map(decodeURIComponent);
    const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
    if (!begun || begun.code_challenge !== challenge || begun.redirect_uri !== form.get('redirect_uri') || id !== CLIENT || secret !== SECRET) return say(400, { error: 'invalid_grant' });
    const now = Math.floor(Date.now() / 1000);
    const head = `${part({ alg: 'ES256', typ: 'JWT', kid: '1' })}.${part({ iss: url, aud: CLIENT, sub: 'alice', groups: ['team-orders'], nonce: begun.nonce, iat: now, exp: now + 600 })}`;
    return say(200, { token_type: 'Bearer', access_token: 'x', id_token: `${head}.${sign('sha256', Buffer.from(head), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}` });
  });
  url = `http://127.0.0.1:${await listen(server)}`;
  return { url, ended, stop: () => server.close() };
}

let provider, server, browser;
before(async () => {
  provider = await startProvider();
  const folder = temporaryFolder();
  const [secret, rules] = [join(folder, 'secret'), join(folder, 'access.toml')];
  writeFileSync(secret, `${SECRET}\n`, { mode: 0o600 });
  writeFileSync(rules, '[[allow]]\nprincipals = ["group:team-orders"]\nroles = ["admin"]\n');
  const port = await freePort();
  server = await start({
    listen: `127.0.0.1:${port}`, 'public-url': `http://localhost:${port}`, 'access-file': rules, 'oidc-issuer': provider.url, 'oidc-audience': 'registry',
    'oidc-login-client': CLIENT, 'oidc-login-secret-file': secret,
  });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
  provider?.stop();
});

test('who is logged in at the provider signs in by a click, comes back to where it was, and signs out', async () => {
  const { page, close } = await open(browser, server.url);
  await page.goto(`${server.url}ui/#/audit`);
  const enter = page.getByRole('link', { name: /^Sign in with/ });
  await enter.waitFor();
  await accessible(page, 'the login');
  await enter.click();
  await page.getByText('user:alice').waitFor();
  assert.match(page.url(), /\/ui\/#\/audit$/);
  assert.equal(await page.evaluate(() => document.cookie), 'accordant-signed-in=1', 'scripts see that there is a session, and nothing of it');
  // another tab of the same browser is signed in as well
  const other = await page.context().newPage();
  await other.goto(`${server.url}ui/#/settings`);
  await other.getByText('user:alice').waitFor();
  await other.getByLabel('Compatibility').selectOption('FULL');
  await other.getByRole('button', { name: 'Save' }).click();
  await other.getByText('The settings are changed.').waitFor();
  await page.getByRole('button', { name: 'Log out' }).click();
  await enter.waitFor();
  assert.equal(await page.evaluate(() => document.cookie), '');
  assert.deepEqual(await page.context().cookies(server.url), []);
  // and there as well
  assert.equal(provider.ended.length, 1);
  const { client_id: client, post_logout_redirect_uri: back, id_token_hint: hint } = provider.ended[0];
  assert.deepEqual([client, back, JSON.parse(Buffer.from(hint.split('.')[1], 'base64url')).sub], [CLIENT, `${server.url}ui/`, 'alice']);
  await close();
});
