//! Signing in on the web pages at a provider, which stands in for a real one; and everything that somebody might try with that.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use accordant::http::{Gate, HttpSettings, Issuer, Logins, SignIn, SignInProvider, VerifierLimits};
use accordant::login::{ClaimPath, OidcSettings, SignatureAlgorithm};
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::Method;
use jsonwebtoken::Algorithm;
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{ISSUER, Signer, claims, keys};
use crate::access::{gate, rules};
use crate::support::app::{Answer, Database, Setup, TestApp};

const NOW: i64 = 1_700_000_000;
const CLIENT: &str = "accordant-ui";
const PUBLIC: &str = "https://registry.example/prefix";

/// What is otherwise in a token.
type Change = fn(&mut Value);

/// What the provider does with a code: by code, its challenge and the claims of the token.
struct TestProvider {
    codes: Mutex<HashMap<String, (String, Value)>>,
    end_session: Mutex<Result<Option<String>, String>>,
}

impl Default for TestProvider {
    fn default() -> Self {
        Self { codes: Mutex::default(), end_session: Mutex::new(Ok(Some(format!("{ISSUER}/logout?x=1")))) }
    }
}

#[async_trait]
impl SignInProvider for TestProvider {
    async fn authorization_endpoint(&self) -> Result<String, String> {
        Ok(format!("{ISSUER}/authorize"))
    }

    async fn end_session_endpoint(&self) -> Result<Option<String>, String> {
        self.end_session.lock().unwrap().clone()
    }

    async fn exchange(&self, code: &str, verifier: &str, redirect: &str) -> Result<SecretString, String> {
        assert_eq!(redirect, format!("{PUBLIC}/ui/callback"));
        // each code once
        let (challenge, claims) = self.codes.lock().unwrap().remove(code).ok_or("invalid_grant")?;
        let shown = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        if shown == challenge { Ok(Signer::new(Algorithm::ES256, "1").sign(&claims).into()) } else { Err("invalid_grant".into()) }
    }
}

struct World {
    app: TestApp,
    provider: Arc<TestProvider>,
}

/// A sign-in that has been begun: what the provider was sent, and the browser's cookie.
struct Begun {
    sent: HashMap<String, String>,
    cookie: String,
}

async fn world() -> World {
    let settings = OidcSettings {
        issuer: ISSUER.into(),
        audiences: vec![CLIENT.into(), "registry".into()],
        algorithms: vec![SignatureAlgorithm::parse("ES256").unwrap()],
        leeway: 0,
        principal: ClaimPath::parse("sub").unwrap(),
        groups: Some(ClaimPath::parse("groups").unwrap()),
        prefix: String::new(),
        reserved: Vec::new(),
    };
    let clock: accordant::types::Clock = Arc::new(|| NOW * 1000);
    let issuer = Issuer::new(settings, Arc::clone(&clock));
    issuer.take(keys(&[&Signer::new(Algorithm::ES256, "1")]).to_string(), 3_600_000).unwrap();
    let text = "[[allow]]\nprincipals = [\"group:team-orders\"]\nroles = [\"admin\"]\n";
    let logins = Logins::new(None, None, Some(rules(text)), false).with_issuers(vec![issuer]);
    let gate = Gate::new(logins, VerifierLimits { threads: 1, waiting: 8 }, clock).unwrap();
    let provider = Arc::new(TestProvider::default());
    let sign_in = SignIn::new(Arc::clone(&provider) as _, ISSUER, CLIENT, "openid profile", PUBLIC);
    let http = HttpSettings { sign_in: Some(sign_in), ..HttpSettings::default() };
    let app = TestApp::with(Database::Sqlite, Setup { gate: Some(gate), http, ..Setup::default() }).await;
    World { app, provider }
}

fn cookies(answer: &Answer) -> Vec<String> {
    answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap().to_owned()).collect()
}

/// What a browser keeps of cookies, as it sends it.
fn kept(answer: &Answer) -> String {
    let pairs = cookies(answer).into_iter().filter(|cookie| !cookie.contains("Max-Age=0"));
    pairs.map(|cookie| cookie.split(';').next().unwrap().to_owned()).collect::<Vec<_>>().join("; ")
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned()
}

impl World {
    async fn get(&self, target: &str, cookie: &str) -> Answer {
        let headers = [("cookie", cookie)];
        self.app.send(Method::GET, target, if cookie.is_empty() { &[] } else { &headers }, "").await
    }

    async fn begin(&self, query: &str) -> Begun {
        let answer = self.get(&format!("/ui/login{query}"), "").await;
        assert_eq!(answer.status, 303);
        let (endpoint, given) = answer.header("location").split_once('?').unwrap();
        assert_eq!(endpoint, format!("{ISSUER}/authorize"));
        let sent = given.split('&').map(|pair| pair.split_once('=').unwrap()).map(|(k, v)| (k.to_owned(), decoded(v))).collect();
        Begun { sent, cookie: kept(&answer) }
    }

    /// The user has logged in at the provider, which gives out a code.
    fn consent(&self, begun: &Begun, code: &str, change: impl FnOnce(&mut Value)) {
        let mut claims = claims(NOW);
        claims["aud"] = json!(CLIENT);
        claims["nonce"] = json!(begun.sent["nonce"]);
        change(&mut claims);
        self.provider.codes.lock().unwrap().insert(code.to_owned(), (begun.sent["code_challenge"].clone(), claims));
    }

    async fn back(&self, begun: &Begun, code: &str) -> Answer {
        self.get(&format!("/ui/callback?code={code}&state={}", begun.sent["state"]), &begun.cookie).await
    }
}

#[tokio::test]
async fn who_has_signed_in_at_the_provider_is_let_in_with_the_rights_of_the_token() {
    let world = world().await;
    assert_eq!(world.get("/ui/sign-in.json", "").await.json(), json!({ "issuer": ISSUER }));
    let begun = world.begin("?to=%23%2Fsubjects%2Forders%3Fx%3D1").await;
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", &format!("{PUBLIC}/ui/callback")),
        ("scope", "openid profile"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(begun.sent[name], value, "{name}");
    }
    world.consent(&begun, "c1", |_| {});
    let answer = world.back(&begun, "c1").await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "./#/subjects/orders?x=1"));
    assert_eq!((answer.header("cache-control"), answer.header("referrer-policy")), ("no-store", "no-referrer"));
    for cookie in cookies(&answer) {
        assert!(cookie.contains("; Path=/prefix/; ") && cookie.contains("; Secure"), "{cookie}");
        let is_told_to_scripts = cookie.starts_with("accordant-signed-in=");
        assert!(is_told_to_scripts != cookie.contains("HttpOnly"), "{cookie}");
        assert!(cookie.starts_with("accordant-sign-in=") || cookie.contains("SameSite=Strict"), "{cookie}");
    }
    let session = kept(&answer);
    let me = world.get("/accordant/v1/whoami", &session).await.ok();
    assert_eq!((&me["principal"], &me["login"]), (&json!("user:svc-orders"), &json!("oidc")));
    assert_eq!(world.get("/subjects", &session).await.status, 200);
    assert_eq!(world.get("/subjects", "").await.status, 401);
    // what a client says itself counts before
    let headers = [("cookie", session.as_str()), ("authorization", "Bearer nonsense")];
    assert_eq!(world.app.send(Method::GET, "/subjects", &headers, "").await.status, 401);
}

#[tokio::test]
async fn who_signs_out_here_signs_out_at_the_provider_if_it_says_how() {
    let world = world().await;
    let begun = world.begin("").await;
    world.consent(&begun, "c", |_| {});
    let session = kept(&world.back(&begun, "c").await);
    let out = async |cookie: &str, site: &str| {
        world.app.send(Method::GET, "/ui/logout", &[("cookie", cookie), ("sec-fetch-site", site)], "").await
    };
    let answer = out(&session, "same-origin").await;
    assert_eq!((answer.status.as_u16(), kept(&answer), answer.header("cache-control")), (303, String::new(), "no-store"));
    assert!(cookies(&answer).iter().any(|cookie| cookie.starts_with("accordant-session=; Path=/prefix/; Max-Age=0")));
    let (endpoint, given) = answer.header("location").split_once("?x=1&").unwrap();
    assert_eq!(endpoint, format!("{ISSUER}/logout"));
    let sent: HashMap<_, _> = given.split('&').map(|pair| pair.split_once('=').unwrap()).map(|(k, v)| (k, decoded(v))).collect();
    let token = session.split("; ").find_map(|pair| pair.strip_prefix("accordant-session=")).unwrap();
    assert_eq!(sent["id_token_hint"], token);
    assert_eq!((&*sent["client_id"], &*sent["post_logout_redirect_uri"]), (CLIENT, &*format!("{PUBLIC}/ui/")));
    // another site ends nothing
    let answer = out(&session, "cross-site").await;
    assert_eq!((answer.header("location"), cookies(&answer).len()), ("./", 0));
    // a session that the provider knows nothing of is ended here alone
    for cookie in ["accordant-session=s.x.y", "accordant-session=nonsense"] {
        let answer = out(cookie, "same-origin").await;
        assert_eq!((answer.header("location"), cookies(&answer).is_empty()), ("./", false), "{cookie}");
    }
    // nor where it says nothing, or is not to be had
    for said in [Ok(None), Err("away".to_owned())] {
        *world.provider.end_session.lock().unwrap() = said;
        let answer = out(&session, "same-origin").await;
        assert_eq!((answer.header("location"), kept(&answer)), ("./", String::new()));
    }
}

#[tokio::test]
async fn nothing_but_the_answer_to_the_sign_in_that_this_browser_began_signs_in() {
    let world = world().await;
    let begun = world.begin("").await;
    let other = world.begin("").await;
    assert_ne!(begun.sent["state"], other.sent["state"]);
    assert_ne!(begun.sent["nonce"], other.sent["nonce"]);
    let state = &begun.sent["state"];
    let cases: [(String, &str, u16); 9] = [
        // no cookie: somebody sends a victim the end of a sign-in of their own
        (format!("code=c&state={state}"), "", 400),
        (format!("code=c&state={}", other.sent["state"]), &begun.cookie, 400),
        ("code=c".into(), &begun.cookie, 400),
        ("code=c&state=".into(), &begun.cookie, 400),
        (format!("code=c&state={state}&state={state}"), &begun.cookie, 400),
        (format!("code=c&state={state}&iss=https%3A%2F%2Fevil.example"), &begun.cookie, 400),
        (format!("state={state}"), &begun.cookie, 400),
        (format!("error=access_denied&state={state}"), &begun.cookie, 400),
        (format!("code=unknown&state={state}"), &begun.cookie, 502),
    ];
    for (query, cookie, status) in cases {
        world.consent(&begun, "c", |_| {});
        let answer = world.get(&format!("/ui/callback?{query}"), cookie).await;
        assert_eq!(answer.status, status, "{query}");
        assert!(!kept(&answer).contains("session"), "{query}");
        assert!(cookies(&answer).iter().any(|own| own.starts_with("accordant-sign-in=;")), "{query}");
    }
    let twice = format!("{}; {}", begun.cookie, other.cookie);
    assert_eq!(world.get(&format!("/ui/callback?code=c&state={state}"), &twice).await.status, 400);
    let long = format!("/ui/callback?code={}&state={state}", "x".repeat(20_000));
    assert_eq!(world.get(&long, &begun.cookie).await.status, 400);
}

#[tokio::test]
async fn a_code_is_good_once_and_only_with_the_verifier_of_its_sign_in() {
    let world = world().await;
    let begun = world.begin("").await;
    world.consent(&begun, "c", |_| {});
    assert_eq!(world.back(&begun, "c").await.status, 303);
    assert_eq!(world.back(&begun, "c").await.status, 502, "replayed");
    // the code of one sign-in in the answer to another
    let (victim, attacker) = (world.begin("").await, world.begin("").await);
    world.consent(&attacker, "stolen", |_| {});
    assert_eq!(world.back(&victim, "stolen").await.status, 502);
}

#[tokio::test]
async fn a_token_must_be_of_this_sign_in_this_client_and_this_issuer() {
    let world = world().await;
    let cases: [(&str, Change, u16); 9] = [
        ("good", |_| {}, 303),
        (
            "several audiences",
            |claims| {
                claims["aud"] = json!([CLIENT, "x"]);
                claims["azp"] = json!(CLIENT);
            },
            303,
        ),
        ("another nonce", |claims| claims["nonce"] = json!("other"), 403),
        (
            "no nonce",
            |claims| {
                claims.as_object_mut().unwrap().remove("nonce");
            },
            403,
        ),
        ("another audience that tokens may have", |claims| claims["aud"] = json!("registry"), 403),
        ("given to another client", |claims| claims["azp"] = json!("other"), 403),
        ("another issuer", |claims| claims["iss"] = json!("https://evil.example"), 403),
        ("ended", |claims| claims["exp"] = json!(NOW - 1), 403),
        ("longer than browsers keep", |claims| claims["padding"] = json!("x".repeat(14_000)), 403),
    ];
    for (what, change, status) in cases {
        let begun = world.begin("").await;
        world.consent(&begun, what, change);
        let code = what.replace(' ', "%20");
        let answer = world.back(&begun, &code).await;
        assert_eq!(answer.status, status, "{what}: {}", answer.text);
        assert_eq!(kept(&answer).contains("accordant-session="), status == 303, "{what}");
    }
}

#[tokio::test]
async fn a_long_token_is_kept_in_pieces_and_put_together_again() {
    let world = world().await;
    let begun = world.begin("").await;
    world.consent(&begun, "c", |claims| {
        claims["groups"] = json!((0..400).map(|at| format!("group-{at}")).chain(["team-orders".to_owned()]).collect::<Vec<_>>());
    });
    let session = kept(&world.back(&begun, "c").await);
    assert!(session.contains("accordant-session-1="));
    assert_eq!(world.get("/subjects", &session).await.status, 200);
    let without = session.split("; ").filter(|pair| !pair.starts_with("accordant-session-1=")).collect::<Vec<_>>().join("; ");
    assert_eq!(world.get("/subjects", &without).await.status, 401);
}

#[tokio::test]
async fn it_goes_on_to_these_pages_and_nowhere_else() {
    let world = world().await;
    for to in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "#/a%0d%0aset-cookie: x=y",
        "../../evil",
        "#",
    ] {
        let encoded = percent_encoding::utf8_percent_encode(to, percent_encoding::NON_ALPHANUMERIC);
        let begun = world.begin(&format!("?to={encoded}")).await;
        world.consent(&begun, "c", |_| {});
        let answer = world.back(&begun, "c").await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "./"), "{to}");
    }
    // a cookie that somebody else has put there leads nowhere else either
    let begun = world.begin("").await;
    world.consent(&begun, "c", |_| {});
    let forged = format!("{}{}", begun.cookie, URL_SAFE_NO_PAD.encode("//evil.example"));
    let answer = world.get(&format!("/ui/callback?code=c&state={}", begun.sent["state"]), &forged).await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn other_sites_can_neither_use_a_session_to_write_nor_end_it() {
    let world = world().await;
    let begun = world.begin("").await;
    world.consent(&begun, "c", |_| {});
    let session = kept(&world.back(&begun, "c").await);
    for site in ["cross-site", "same-site"] {
        let headers = [("cookie", session.as_str()), ("sec-fetch-site", site), ("content-type", "application/json")];
        let answer = world.app.send(Method::PUT, "/config", &headers, r#"{"compatibility":"NONE"}"#).await;
        assert_eq!(answer.status, 403, "{site}");
        assert_eq!(world.app.send(Method::POST, "/ui/logout", &headers, "").await.status, 403, "{site}");
    }
    let headers = [("cookie", session.as_str()), ("sec-fetch-site", "same-origin"), ("content-type", "application/json")];
    world.app.send(Method::PUT, "/config", &headers, r#"{"compatibility":"NONE"}"#).await.ok();
    assert_eq!(world.app.send(Method::POST, "/ui/login", &[], "").await.status, 405);
    let headers = [("cookie", session.as_str()), ("sec-fetch-site", "same-origin")];
    assert_eq!(world.app.send(Method::POST, "/ui/logout", &headers, "").await.status, 405);
}

#[tokio::test]
async fn without_signing_in_there_are_no_such_pages_and_cookies_are_no_logins() {
    let gate = gate(Logins::new(Some(crate::access::users(&["a"])), None, None, false));
    let app = TestApp::with(Database::Sqlite, Setup { gate: Some(gate), ..Setup::default() }).await;
    for page in ["/ui/login", "/ui/callback?code=a&state=b", "/ui/sign-in.json"] {
        assert_eq!(app.get(page).await.status, 404, "{page}");
    }
    let token = Signer::new(Algorithm::ES256, "1").sign(&claims(NOW));
    let cookie = format!("accordant-session={token}");
    assert_eq!(app.send(Method::GET, "/subjects", &[("cookie", &cookie)], "").await.status, 401);
}
