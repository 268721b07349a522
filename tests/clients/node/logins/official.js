// The official Node.js client, and the one of kafkajs, log in and are refused. The environment says where: see ../../logins/run.
const assert = require("node:assert");
const { randomUUID } = require("node:crypto");
const { readFileSync } = require("node:fs");
const https = require("node:https");
const test = require("node:test");
const registry = require("@confluentinc/schemaregistry");
const kafkajs = require("@kafkajs/confluent-schema-registry");

const { REGISTRY_URL, REGISTRY_TOKEN, ISSUER_TOKEN_URL, CA_FILE, CERT_FILE, KEY_FILE, OTHER_CERT_FILE, OTHER_KEY_FILE } = process.env;
const ca = readFileSync(CA_FILE);
const agent = (more = {}) => new https.Agent({ ca, ...more });
const client = ({ tls, ...more }) =>
  new registry.SchemaRegistryClient({ baseURLs: [REGISTRY_URL], createAxiosDefaults: { httpsAgent: agent(tls) }, maxRetries: 0, ...more });
const schema = { schemaType: "AVRO", schema: '"string"' };

const basic = (userInfo) => ({ basicAuthCredentials: { credentialsSource: "USER_INFO", userInfo } });
const inUrl = (password) => ({
  basicAuthCredentials: { credentialsSource: "URL", userInfo: REGISTRY_URL.replace("https://", `https://alice:${password}@`) },
});
const inherited = (password) => ({
  basicAuthCredentials: { credentialsSource: "SASL_INHERIT", sasl: { mechanism: "PLAIN", username: "alice", password } },
});
const cluster = { logicalCluster: "lsrc-1", identityPoolId: "pool-1" };
const token = (token) => ({ bearerAuthCredentials: { credentialsSource: "STATIC_TOKEN", token, ...cluster } });
const oauth = (clientId) => ({
  bearerAuthCredentials: {
    credentialsSource: "OAUTHBEARER",
    issuerEndpointUrl: ISSUER_TOKEN_URL,
    clientId,
    clientSecret: `secret-of-${clientId}`,
    scope: "registry",
    ...cluster,
  },
});
const certificate = (cert, key) => ({ tls: { cert: readFileSync(cert), key: readFileSync(key) } });

const ways = {
  "basic in the configuration": basic("alice:alice-password"),
  "basic in the URL": inUrl("alice-password"),
  "basic of the Kafka client": inherited("alice-password"),
  "a static token": token(REGISTRY_TOKEN),
  "client credentials": oauth("svc-ci"),
  "a certificate": certificate(CERT_FILE, KEY_FILE),
};

for (const [way, conf] of Object.entries(ways)) {
  test(`${way}: it may do what it was given, and is told what not`, async () => {
    const subject = `orders-${randomUUID()}`;
    const id = await client(conf).register(subject, schema);
    assert.strictEqual((await client(conf).getBySubjectAndId(subject, id)).schema, schema.schema);
    await assert.rejects(client(conf).register("pay-value", schema), {
      status: 403,
      errorCode: 40301,
      message: /User is denied operation Write on Subject: pay-value/,
    });
  });
}

const wrong = { none: {}, password: basic("alice:wrong"), user: basic("nobody:alice-password"), URL: inUrl("wrong"), token: token("accordant_wrong") };
for (const [what, conf] of Object.entries(wrong)) {
  test(`a wrong login is said to be one: ${what}`, async () => {
    await assert.rejects(client(conf).getAllSubjects(), { status: 401, errorCode: 401, message: /Unauthorized/ });
  });
}

test("a service of the issuer has the rights of its name alone", async () => {
  await assert.rejects(client(oauth("svc-nobody")).register("orders-x", schema), { status: 403, errorCode: 40301 });
});

test("a certificate that nobody here has signed ends the connection", async () => {
  // mostly "tlsv1 alert unknown ca"; where the request was on its way already, the end of the connection can be faster than the alert
  const said = /unknown ca|ECONNRESET|EPIPE|socket hang up/i;
  await assert.rejects(client(certificate(OTHER_CERT_FILE, OTHER_KEY_FILE)).getAllSubjects(), said);
});

test("the client of kafkajs logs in", async () => {
  const fresh = (password) => new kafkajs.SchemaRegistry({ host: REGISTRY_URL, auth: { username: "alice", password }, agent: agent() });
  const subject = `orders-${randomUUID()}`;
  // it wants to set a level for a subject that has none of its own, which a producer may not: so the subject is there already
  await client(ways["a static token"]).register(subject, schema);
  assert.ok((await fresh("alice-password").getLatestSchemaId(subject)) > 0);
  await assert.rejects(fresh("wrong").getLatestSchemaId(subject), /Unauthorized/);
});
