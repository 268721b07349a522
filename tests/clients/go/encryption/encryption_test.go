// Field encryption by the official Go client: keys that it wraps itself, and keys that the registry wraps (`kms-local-secret` is `mysecret`).
package encryption

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/schemaregistry"
	"github.com/confluentinc/confluent-kafka-go/v2/schemaregistry/rules/encryption"
	_ "github.com/confluentinc/confluent-kafka-go/v2/schemaregistry/rules/encryption/localkms"
	"github.com/confluentinc/confluent-kafka-go/v2/schemaregistry/serde"
	"github.com/confluentinc/confluent-kafka-go/v2/schemaregistry/serde/avrov2"
)

const schema = `{"type": "record", "name": "User", "fields": [
	{"name": "name", "type": "string", "confluent:tags": ["PII"]}, {"name": "id", "type": "long"}]}`

type user struct {
	Name string `avro:"name"`
	ID   int64  `avro:"id"`
}

var (
	registry = os.Getenv("SCHEMA_REGISTRY_URL")
	ann      = user{Name: "Ann", ID: 7}
	owners   = []string{"the client", "the registry"}
)

// A clock that is as many days ahead.
type someday int64

func (days someday) NowUnixMilli() int64 {
	return time.Now().UnixMilli() + int64(days)*encryption.MillisInDay
}

func rules(days int) *serde.RuleRegistry {
	rules := serde.NewRuleRegistry()
	rules.RegisterExecutor(encryption.NewFieldExecutorWithClock(someday(days)))
	return &rules
}

func ruleConfig(secret string) map[string]string {
	if secret == "" {
		return map[string]string{}
	}
	return map[string]string{"secret": secret}
}

func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A client that has seen nothing yet.
func client(t *testing.T) schemaregistry.Client {
	t.Helper()
	return must(schemaregistry.NewClient(schemaregistry.NewConfig(registry)))(t)
}

func write(t *testing.T, topic, secret string, days int) []byte {
	t.Helper()
	config := avrov2.NewSerializerConfig()
	config.AutoRegisterSchemas, config.UseLatestVersion = false, true
	writer := must(avrov2.NewSerializer(client(t), serde.ValueSerde, config))(t)
	check(t, writer.SetRuleRegistry(rules(days), ruleConfig(secret)))
	record := ann
	data := must(writer.Serialize(topic, &record))(t)
	if bytes.Contains(data, []byte("Ann")) {
		t.Fatalf("the name is to be seen: %q", data)
	}
	return data
}

func read(t *testing.T, topic, secret string, data []byte) user {
	t.Helper()
	reader := must(avrov2.NewDeserializer(client(t), serde.ValueSerde, avrov2.NewDeserializerConfig()))(t)
	check(t, reader.SetRuleRegistry(rules(0), ruleConfig(secret)))
	var record user
	check(t, reader.DeserializeInto(topic, data, &record))
	return record
}

func is(t *testing.T, found, wanted any) {
	t.Helper()
	if found != wanted {
		t.Errorf("%v, not %v", found, wanted)
	}
}

// Asks the registry without its client. What it answered, and with which status.
func ask(t *testing.T, method, path, body string) (int, map[string]any) {
	t.Helper()
	request := must(http.NewRequest(method, registry+path, strings.NewReader(body)))(t)
	request.Header.Set("Content-Type", "application/json")
	answer := must(http.DefaultClient.Do(request))(t)
	defer answer.Body.Close()
	text := must(io.ReadAll(answer.Body))(t)
	var content map[string]any
	if len(text) > 0 {
		check(t, json.Unmarshal(text, &content))
	}
	return answer.StatusCode, content
}

func kek(topic string) string { return "/dek-registry/v1/keks/kek-" + topic }
func dek(topic string) string { return kek(topic) + "/deks/" + topic + "-value" }

// A topic whose names are encrypted by a KEK of its own, and the secret that its clients need.
func encrypted(t *testing.T, owner string, more map[string]string) (topic, secret string) {
	t.Helper()
	topic = fmt.Sprintf("go-%d", time.Now().UnixNano())
	shared := owner == "the registry"
	if !shared {
		secret = "own secret"
	}
	body := fmt.Sprintf(`{"name": "kek-%s", "kmsType": "local-kms", "kmsKeyId": "%s", "shared": %t}`, topic, topic, shared)
	status, _ := ask(t, http.MethodPost, "/dek-registry/v1/keks", body)
	is(t, status, http.StatusOK)
	register(t, topic, more)
	return topic, secret
}

func register(t *testing.T, topic string, more map[string]string) {
	t.Helper()
	params := map[string]string{"encrypt.kek.name": "kek-" + topic, "encrypt.kms.type": "local-kms", "encrypt.kms.key.id": topic}
	for name, value := range more {
		params[name] = value
	}
	rule := schemaregistry.Rule{Name: "enc", Kind: "TRANSFORM", Mode: "WRITEREAD", Type: "ENCRYPT", Tags: []string{"PII"}, Params: params}
	rule.OnFailure = "ERROR,NONE"
	info := schemaregistry.SchemaInfo{Schema: schema, SchemaType: "AVRO", RuleSet: &schemaregistry.RuleSet{DomainRules: []schemaregistry.Rule{rule}}}
	must(client(t).Register(topic+"-value", info, false))(t)
}

func forEachOwner(t *testing.T, test func(t *testing.T, owner string)) {
	for _, owner := range owners {
		t.Run("wrapped by "+owner, func(t *testing.T) { test(t, owner) })
	}
}

func TestAFieldIsEncryptedWithEachAlgorithm(t *testing.T) {
	forEachOwner(t, func(t *testing.T, owner string) {
		for _, algorithm := range []string{encryption.Aes128Gcm, encryption.Aes256Gcm, encryption.Aes256Siv} {
			topic, secret := encrypted(t, owner, map[string]string{encryption.EncryptDekAlgorithm: algorithm})
			first, second := write(t, topic, secret, 0), write(t, topic, secret, 0)
			is(t, read(t, topic, secret, first), ann)
			is(t, read(t, topic, secret, second), ann)
			is(t, bytes.Equal(first, second), algorithm == encryption.Aes256Siv)
		}
	})
}

func TestTheClientCreatesTheKEKThatItsRuleNames(t *testing.T) {
	topic := fmt.Sprintf("go-%d", time.Now().UnixNano())
	register(t, topic, nil)
	is(t, read(t, topic, "own secret", write(t, topic, "own secret", 0)), ann)
	status, found := ask(t, http.MethodGet, kek(topic), "")
	is(t, status, http.StatusOK)
	is(t, found["kmsKeyId"], topic)
	is(t, found["shared"], false)
}

func TestAKeyThatExpiresGetsANewVersion(t *testing.T) {
	forEachOwner(t, func(t *testing.T, owner string) {
		topic, secret := encrypted(t, owner, map[string]string{encryption.EncryptDekExpiryDays: "1"})
		first, second := write(t, topic, secret, 0), write(t, topic, secret, 2)
		_, latest := ask(t, http.MethodGet, dek(topic)+"/versions/-1", "")
		is(t, latest["version"], 2.0)
		is(t, read(t, topic, secret, first), ann)
		is(t, read(t, topic, secret, second), ann)
	})
}

// The client asks for deleted keys too when it reads, so that what was written stays readable until they are removed for good.
func TestWhatAKeyHasEncryptedIsReadWhileItIsDeletedAndWrittenAgainAfterwards(t *testing.T) {
	forEachOwner(t, func(t *testing.T, owner string) {
		topic, secret := encrypted(t, owner, nil)
		data := write(t, topic, secret, 0)
		_, before := ask(t, http.MethodGet, dek(topic), "")
		for _, path := range []string{dek(topic), kek(topic)} {
			status, _ := ask(t, http.MethodDelete, path, "")
			is(t, status, http.StatusNoContent)
			status, _ = ask(t, http.MethodGet, path, "")
			is(t, status, http.StatusNotFound)
		}
		is(t, read(t, topic, secret, data), ann)
		for _, path := range []string{kek(topic), dek(topic)} {
			status, _ := ask(t, http.MethodPost, path+"/undelete", "")
			is(t, status, http.StatusNoContent)
		}
		_, after := ask(t, http.MethodGet, dek(topic), "")
		is(t, after["encryptedKeyMaterial"], before["encryptedKeyMaterial"])
		is(t, read(t, topic, secret, data), ann)
		is(t, read(t, topic, secret, write(t, topic, secret, 0)), ann)
	})
}

func TestWhoHasAnotherSecretReadsNoMoreThanWasWritten(t *testing.T) {
	topic, secret := encrypted(t, "the client", nil)
	data := write(t, topic, secret, 0)
	// a process of its own: the client keeps the KMS of a key for all who ask in one
	seen := func(secret string) user {
		other := exec.Command(os.Args[0], "-test.run=^TestReader$", "-test.v")
		other.Env = append(os.Environ(), "READ_TOPIC="+topic, "READ_SECRET="+secret, "READ_DATA="+base64.StdEncoding.EncodeToString(data))
		said := must(other.Output())(t)
		for _, line := range strings.Split(string(said), "\n") {
			if text, found := strings.CutPrefix(line, "read: "); found {
				var record user
				check(t, json.Unmarshal([]byte(text), &record))
				return record
			}
		}
		t.Fatalf("nothing was read: %s", said)
		return user{}
	}
	is(t, seen(secret), ann)
	// the rule's action for readers is NONE: they get the field as it was written
	other := seen("another secret")
	is(t, other.ID, ann.ID)
	if written, err := base64.StdEncoding.DecodeString(other.Name); err != nil || len(written) < 20 {
		t.Errorf("%q is no ciphertext", other.Name)
	}
}

// What the process of the test above does.
func TestReader(t *testing.T) {
	data := must(base64.StdEncoding.DecodeString(os.Getenv("READ_DATA")))(t)
	if len(data) == 0 {
		t.Skip("a part of another test")
	}
	record := must(json.Marshal(read(t, os.Getenv("READ_TOPIC"), os.Getenv("READ_SECRET"), data)))(t)
	fmt.Printf("read: %s\n", record)
}
