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

const roundTrip = async (shared, secret) => {
  const topic = "e" + randomUUID().slice(0, 13);
  const kek = { name: `kek-${topic}`, kmsType: "local-kms", kmsKeyId: topic, shared };
  const created = await fetch(`${URL}/dek-registry/v1/keks`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(kek),
  });
  assert.strictEqual(created.status, 200);
  const params = { "encrypt.kek.name": kek.name, "encrypt.kms.type": "local-kms", "encrypt.kms.key.id": topic };
  const rule = { name: "enc", kind: "TRANSFORM", mode: "WRITEREAD", type: "ENCRYPT", tags: ["PII"], params, onFailure: "ERROR,NONE" };
  await new registry.SchemaRegistryClient(conf).register(
    `${topic}-value`,
    { schemaType: "AVRO", schema: JSON.stringify(user), ruleSet: { domainRules: [rule] } },
    false,
  );
  const rules = () => {
    const rules = new registry.RuleRegistry();
    rules.registerExecutor(new registry.FieldEncryptionExecutor());
    return rules;
  };
  const ruleConfig = secret ? { ruleConfig: { secret } } : {};
  const value = registry.SerdeType.VALUE;
  const client = () => new registry.SchemaRegistryClient(conf);
  const writer = new registry.AvroSerializer(client(), value, { useLatestVersion: true, ...ruleConfig }, rules());
  const bytes = await writer.serialize(topic, { name: "Ann", id: 7 });
  assert.ok(!bytes.includes("Ann"));
  const reader = new registry.AvroDeserializer(client(), value, ruleConfig, rules());
  assert.deepStrictEqual({ ...(await reader.deserialize(topic, bytes)) }, { name: "Ann", id: 7 });
};

test("a field is encrypted by a key that the client wraps", () => roundTrip(false, "own secret"));

test("a field is encrypted by a key that the registry wraps", () => roundTrip(true, null));
