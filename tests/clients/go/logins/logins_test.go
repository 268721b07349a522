// The Go clients log in, and are refused. The environment says where: see ../logins/run.
package logins

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/schemaregistry"
	"github.com/confluentinc/confluent-kafka-go/v2/schemaregistry/rest"
	"github.com/twmb/franz-go/pkg/sr"
)

const text = `"string"`

func official(change func(*schemaregistry.Config)) (schemaregistry.Client, error) {
	config := schemaregistry.NewConfig(os.Getenv("REGISTRY_URL"))
	config.SslCaLocation = os.Getenv("CA_FILE")
	config.MaxRetries = 0
	change(config)
	return schemaregistry.NewClient(config)
}

func basic(user string) func(*schemaregistry.Config) {
	return func(config *schemaregistry.Config) {
		config.BasicAuthCredentialsSource = "USER_INFO"
		config.BasicAuthUserInfo = user
	}
}

func withUser(password string) string {
	return strings.Replace(os.Getenv("REGISTRY_URL"), "https://", "https://alice:"+password+"@", 1)
}

func inURL(password string) func(*schemaregistry.Config) {
	return func(config *schemaregistry.Config) {
		config.BasicAuthCredentialsSource = "URL"
		config.SchemaRegistryURL = withUser(password)
	}
}

func inherited(config *schemaregistry.Config) {
	config.BasicAuthCredentialsSource = "SASL_INHERIT"
	config.SaslMechanism, config.SaslUsername, config.SaslPassword = "PLAIN", "alice", "alice-password"
}

func bearer(source string, change func(*schemaregistry.Config)) func(*schemaregistry.Config) {
	return func(config *schemaregistry.Config) {
		config.BearerAuthCredentialsSource = source
		config.BearerAuthLogicalCluster, config.BearerAuthIdentityPoolID = "lsrc-1", "pool-1"
		change(config)
	}
}

func token(token string) func(*schemaregistry.Config) {
	return bearer("STATIC_TOKEN", func(config *schemaregistry.Config) { config.BearerAuthToken = token })
}

func oauth(client string) func(*schemaregistry.Config) {
	return bearer("OAUTHBEARER", func(config *schemaregistry.Config) {
		config.BearerAuthIssuerEndpointURL = os.Getenv("ISSUER_TOKEN_URL")
		config.BearerAuthClientID, config.BearerAuthClientSecret = client, "secret-of-"+client
		config.BearerAuthScopes = []string{"registry"}
	})
}

func certificate(cert, key string) func(*schemaregistry.Config) {
	return func(config *schemaregistry.Config) {
		config.SslCertificateLocation, config.SslKeyLocation = os.Getenv(cert), os.Getenv(key)
	}
}

func anonymous(*schemaregistry.Config) {}

func register(client schemaregistry.Client, subject string) (int, error) {
	return client.Register(subject, schemaregistry.SchemaInfo{Schema: text, SchemaType: "AVRO"}, false)
}

func refused(t *testing.T, err error, code int, message string) {
	t.Helper()
	var said *rest.Error
	if !errors.As(err, &said) || said.Code != code || !strings.Contains(said.Message, message) {
		t.Errorf("wanted %d %q, got %#v", code, message, err)
	}
}

func fresh(name string) string {
	return fmt.Sprintf("orders-go-%s-%d", name, time.Now().UnixNano())
}

func TestWhoLogsInMayDoWhatItWasGivenAndIsToldWhatNot(t *testing.T) {
	for name, way := range map[string]func(*schemaregistry.Config){
		"basic":       basic("alice:alice-password"),
		"url":         inURL("alice-password"),
		"inherited":   inherited,
		"token":       token(os.Getenv("REGISTRY_TOKEN")),
		"oauth":       oauth("svc-ci"),
		"certificate": certificate("CERT_FILE", "KEY_FILE"),
	} {
		t.Run(name, func(t *testing.T) {
			client, err := official(way)
			if err != nil {
				t.Fatal(err)
			}
			subject := fresh(name)
			id, err := register(client, subject)
			if err != nil {
				t.Fatal(err)
			}
			reader, err := official(way)
			if err != nil {
				t.Fatal(err)
			}
			if found, err := reader.GetBySubjectAndID(subject, id); err != nil || found.Schema != text {
				t.Errorf("%v %v", found, err)
			}
			_, err = register(client, "pay-value")
			refused(t, err, 40301, "User is denied operation Write on Subject: pay-value")
		})
	}
}

func TestAWrongLoginIsSaidToBeOne(t *testing.T) {
	for name, way := range map[string]func(*schemaregistry.Config){
		"none":     anonymous,
		"password": basic("alice:wrong"),
		"user":     basic("nobody:alice-password"),
		"url":      inURL("wrong"),
		"token":    token("accordant_wrong"),
	} {
		t.Run(name, func(t *testing.T) {
			client, err := official(way)
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.GetAllSubjects()
			refused(t, err, 401, "Unauthorized")
		})
	}
}

func TestAServiceOfTheIssuerHasTheRightsOfItsNameAlone(t *testing.T) {
	client, err := official(oauth("svc-nobody"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = register(client, "orders-x")
	refused(t, err, 40301, "User is denied operation Write on Subject: orders-x")
}

// Go shows no certificate that the server would not take, so its user is told like one who shows none.
func TestACertificateThatNobodyHereHasSignedIsNotShown(t *testing.T) {
	client, err := official(certificate("OTHER_CERT_FILE", "OTHER_KEY_FILE"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.GetAllSubjects()
	refused(t, err, 401, "Unauthorized")
}

// franz-go fetches no tokens by itself: its users do, as here.
func issued(t *testing.T, client string) string {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"registry"}}
	request, err := http.NewRequest(http.MethodPost, os.Getenv("ISSUER_TOKEN_URL"), strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(client, "secret-of-"+client)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var body struct {
		AccessToken string `json:"access_token"`
	}
	if err = json.NewDecoder(answer.Body).Decode(&body); err != nil || body.AccessToken == "" {
		t.Fatal(answer.Status, err)
	}
	return body.AccessToken
}

func TestFranzGoLogsInAndIsRefused(t *testing.T) {
	ca, err := os.ReadFile(os.Getenv("CA_FILE"))
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(ca)
	pair, err := tls.LoadX509KeyPair(os.Getenv("CERT_FILE"), os.Getenv("KEY_FILE"))
	if err != nil {
		t.Fatal(err)
	}
	client := func(shown []tls.Certificate, more ...sr.ClientOpt) *sr.Client {
		t.Helper()
		options := []sr.ClientOpt{
			sr.URLs(os.Getenv("REGISTRY_URL")),
			sr.DialTLSConfig(&tls.Config{RootCAs: trusted, Certificates: shown}),
		}
		made, err := sr.NewClient(append(options, more...)...)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	context := context.Background()
	for name, good := range map[string]*sr.Client{
		"basic":       client(nil, sr.BasicAuth("alice", "alice-password")),
		"url":         client(nil, sr.URLs(withUser("alice-password"))),
		"token":       client(nil, sr.BearerToken(os.Getenv("REGISTRY_TOKEN"))),
		"oauth":       client(nil, sr.BearerToken(issued(t, "svc-ci"))),
		"certificate": client([]tls.Certificate{pair}),
	} {
		if _, err := good.CreateSchema(context, fresh("franz-"+name), sr.Schema{Schema: text}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_, err := good.CreateSchema(context, "pay-value", sr.Schema{Schema: text})
		if err == nil || !strings.Contains(err.Error(), "User is denied operation Write on Subject: pay-value") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, bad := range map[string]*sr.Client{
		"none":     client(nil),
		"password": client(nil, sr.BasicAuth("alice", "wrong")),
		"token":    client(nil, sr.BearerToken("accordant_wrong")),
	} {
		if _, err := bad.Subjects(context); err == nil || !strings.Contains(err.Error(), "Unauthorized") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
