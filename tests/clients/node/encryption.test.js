// Field encryption by the official Node.js client: keys that it wraps itself, and keys that the registry wraps.
const assert = require("node:assert");
const { randomUUID } = require("node:crypto");
const test = require("node:test");
const registry = require("@confluentinc/schemaregistry");

const URL = process.env.SCHEMA_REGISTRY_URL;
const conf = { baseURLs: [URL] };
const user = {
  type: "record",
  name: "User",
  fields: [{ name: "name", type: "string", "confluent:tags": ["PII"] }, { name: "id", type: "long" }],
};

registry.LocalKmsDriver.register();

const DAY = 24 * 60 * 60 * 1000;
const record = { name: "Ann", id: 7 };
const value = registry.SerdeType.VALUE;
const client = () => new registry.SchemaRegistryClient(conf);
const keyPath = (topic) => `${URL}/dek-registry/v1/keks/kek-${topic}`;
const dekPath = (topic) => `${keyPath(topic)}/deks/${topic}-value`;

// a subject whose names are encrypted, and who writes and reads there: other clients each time
const encrypted = async (shared, extra = {}) => {
  const topic = "e" + randomUUID().slice(0, 13);
  const kek = { name: `kek-${topic}`, kmsType: "local-kms", kmsKeyId: topic, shared };
  const created = await fetch(`${URL}/dek-registry/v1/keks`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(kek),
  });
  assert.strictEqual(created.status, 200);
  const params = { "encrypt.kek.name": kek.name, "encrypt.kms.type": "local-kms", "encrypt.kms.key.id": topic, ...extra };
  const rule = { name: "enc", kind: "TRANSFORM", mode: "WRITEREAD", type: "ENCRYPT", tags: ["PII"], params, onFailure: "ERROR,NONE" };
  await client().register(
    `${topic}-value`,
    { schemaType: "AVRO", schema: JSON.stringify(user), ruleSet: { domainRules: [rule] } },
    false,
  );
  const ruleConfig = shared ? {} : { ruleConfig: { secret: "own secret" } };
  const rules = (days) => {
    const rules = new registry.RuleRegistry();
    rules.registerExecutor(new registry.FieldEncryptionExecutor({ now: () => Date.now() + days * DAY }));
    return rules;
  };
  const write = async (days = 0) => {
    const writer = new registry.AvroSerializer(client(), value, { useLatestVersion: true, ...ruleConfig }, rules(days));
    const bytes = await writer.serialize(topic, { ...record });
    assert.ok(!bytes.includes("Ann"));
    return bytes;
  };
  const read = async (bytes) => ({ ...(await new registry.AvroDeserializer(client(), value, ruleConfig, rules(0)).deserialize(topic, bytes)) });
  return { topic, write, read };
};

for (const [shared, whose] of [[false, "the client wraps"], [true, "the registry wraps"]]) {
  for (const algorithm of ["AES128_GCM", "AES256_GCM", "AES256_SIV"]) {
    test(`a field is encrypted by a key that ${whose}: ${algorithm}`, async () => {
      const { write, read } = await encrypted(shared, { "encrypt.dek.algorithm": algorithm });
      const [first, second] = [await write(), await write()];
      assert.deepStrictEqual(await read(first), record);
      assert.deepStrictEqual(await read(second), record);
      assert.strictEqual(first.equals(second), algorithm === "AES256_SIV");
    });
  }

  test(`a key that expires gets a new version, where ${whose}`, async () => {
    const { topic, write, read } = await encrypted(shared, { "encrypt.dek.expiry.days": "1" });
    const [first, second] = [await write(), await write(2)];
    const latest = await (await fetch(`${dekPath(topic)}/versions/-1`)).json();
    assert.strictEqual(latest.version, 2);
    for (const bytes of [first, second]) assert.deepStrictEqual(await read(bytes), record);
  });

  test(`a key that was deleted comes back, where ${whose}`, async () => {
    const { topic, write, read } = await encrypted(shared);
    const bytes = await write();
    for (const url of [dekPath(topic), keyPath(topic)]) assert.strictEqual((await fetch(url, { method: "DELETE" })).status, 204);
    // readers get the field as it was written
    assert.notStrictEqual((await read(bytes)).name, "Ann");
    for (const url of [keyPath(topic), dekPath(topic)]) assert.strictEqual((await fetch(`${url}/undelete`, { method: "POST" })).status, 204);
    for (const written of [bytes, await write()]) assert.deepStrictEqual(await read(written), record);
  });
}
