// An OpenID Connect provider whose clients are services: client credentials for tokens that are JWTs. Prints its URL once it listens.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const key = { ...privateKey.export({ format: "jwk" }), kid: "one", use: "sig", alg: "RS256" };
const service = (id) => ({
  client_id: id,
  client_secret: `secret of ${id}`.replaceAll(" ", "-"),
  grant_types: ["client_credentials"],
  redirect_uris: [],
  response_types: [],
});
const registry = { scope: "registry", audience: "schema-registry", accessTokenFormat: "jwt", jwt: { sign: { alg: "RS256" } }, accessTokenTTL: 3600 };

// the issuer's name has its port in it, which is known once it listens
const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(url, {
    clients: [service("svc-ci"), service("svc-nobody")],
    jwks: { keys: [key] },
    scopes: ["registry"],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: { enabled: true, defaultResource: () => "urn:schema-registry", getResourceServerInfo: () => registry },
    },
  });
  server.on("request", provider.callback());
  console.log(url);
});
