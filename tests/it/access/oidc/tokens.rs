//! Which tokens are good, and whose.

use accordant::http::{Gate, Issuer, Logins, VerifierLimits};
use accordant::login::{ClaimPath, KeySet, KeySetError, OidcSettings, SignatureAlgorithm, TokenFault};
use accordant::types::Clock;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::Method;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::super::rules;
use super::{ISSUER, Signer, claims, keys};
use crate::on_both;
use crate::support::app::{Setup, TestApp};

const ALL: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

fn settings() -> OidcSettings {
    OidcSettings {
        issuer: ISSUER.to_owned(),
        audiences: vec!["registry".to_owned(), "second".to_owned()],
        algorithms: SignatureAlgorithm::ALL.iter().map(|name| SignatureAlgorithm::parse(name).unwrap()).collect(),
        leeway: 30,
        principal: ClaimPath::parse("sub").unwrap(),
        groups: ClaimPath::parse("groups"),
        prefix: String::new(),
        reserved: Vec::new(),
    }
}

#[test]
fn names_of_an_issuer_are_not_those_of_another() {
    let signer = Signer::new(Algorithm::ES256, "1");
    let keys = set(&keys(&[&signer]));
    let find = |name: &str, group: &str, prefix: &str, reserved: &[&str]| {
        let mut claims = claims(NOW);
        (claims["sub"], claims["groups"]) = (json!(name), json!([group]));
        let reserved = reserved.iter().map(ToString::to_string).collect();
        let settings = OidcSettings { prefix: prefix.to_owned(), reserved, ..settings() };
        let identity = settings.verify(&signer.sign(&claims), &keys, NOW * 1000).ok()?;
        Some((identity.principal.name.to_string(), identity.principal.groups[0].to_string()))
    };
    let named = |name: &str, group: &str| Some((name.to_owned(), group.to_owned()));
    assert_eq!(find("alice", "team", "ci:", &[]), named("ci:alice", "ci:team"));
    assert_eq!(find("alice", "team", "", &["ci:"]), named("alice", "team"));
    assert_eq!(find("ci:alice", "team", "", &["ci:"]), None);
    assert_eq!(find("alice", "ci:team", "", &["ci:"]), None);
    assert_eq!(find("x:alice", "team", "ci:", &["ci:x:"]), None);
}

fn set(keys: &Value) -> KeySet {
    KeySet::parse(&keys.to_string()).unwrap()
}

const NOW: i64 = 1_000_000;

/// The name of whose a token is, or why it is nobody's.
fn name(token: &str, keys: &KeySet) -> Result<String, TokenFault> {
    settings().verify(token, keys, NOW * 1000).map(|identity| identity.principal.to_string())
}

#[test]
fn every_algorithm_with_a_public_key_is_understood() {
    for algorithm in ALL {
        let signer = Signer::new(algorithm, "a");
        let keys = set(&keys(&[&signer]));
        let token = signer.sign(&claims(NOW));
        assert_eq!(name(&token, &keys).as_deref(), Ok("user:svc-orders"), "{algorithm:?}");
        let mut broken = token.clone();
        let at = token.rfind('.').unwrap() + 5;
        broken.replace_range(at..=at, if token.as_bytes()[at] == b'A' { "B" } else { "A" });
        assert_eq!(name(&broken, &keys), Err(TokenFault::Signature), "{algorithm:?}");
        let mut only = settings();
        only.algorithms.retain(|taken| *taken != SignatureAlgorithm::parse(&format!("{algorithm:?}")).unwrap());
        assert_eq!(only.verify(&token, &keys, NOW * 1000), Err(TokenFault::Algorithm), "{algorithm:?}");
    }
    for name in ["none", "HS256", "HS384", "HS512", "rs256", ""] {
        assert_eq!(SignatureAlgorithm::parse(name), None, "{name}");
    }
}

#[test]
fn no_token_is_good_without_the_issuers_signature() {
    let signer = Signer::new(Algorithm::RS256, "a");
    let published = keys(&[&signer]);
    let keys = set(&published);
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    // none, with and without something that looks like a signature
    for alg in ["none", "None", "NONE", ""] {
        for signature in ["", "AAAA"] {
            let token = format!("{}.{}.{signature}", part(&json!({ "alg": alg, "typ": "JWT" })), part(&claims(NOW)));
            assert_eq!(name(&token, &keys), Err(TokenFault::Form), "{alg}");
        }
    }
    // the public key in place of a shared secret, in each of its spellings
    let modulus = published["keys"][0]["n"].as_str().unwrap();
    for secret in [modulus.as_bytes().to_vec(), URL_SAFE_NO_PAD.decode(modulus).unwrap(), published.to_string().into_bytes()] {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let mut header = Header::new(algorithm);
            header.kid = Some("a".to_owned());
            let token = encode(&header, &claims(NOW), &EncodingKey::from_secret(&secret).unwrap()).unwrap();
            assert_eq!(name(&token, &keys), Err(TokenFault::Algorithm), "{algorithm:?}");
        }
    }
    // a shared secret among the published keys is passed over
    let mut with_secret = published.clone();
    with_secret["keys"].as_array_mut().unwrap().push(json!({ "kty": "oct", "k": "c2VjcmV0", "kid": "s", "alg": "HS256" }));
    assert_eq!(set(&with_secret).len(), 1);
    // another key under the same id, a key of the token's own, the same key for another algorithm
    let forged = Signer::new(Algorithm::ES256, "a");
    assert_eq!(name(&forged.sign(&claims(NOW)), &keys), Err(TokenFault::UnknownKey));
    let real = Signer::new(Algorithm::ES256, "other");
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some("other".to_owned());
    header.jwk = serde_json::from_value(forged.jwk()).unwrap();
    assert_eq!(name(&forged.sign_with(&header, &claims(NOW)), &set(&super::keys(&[&real]))), Err(TokenFault::Signature));
    assert_eq!(name(&Signer::new(Algorithm::PS256, "a").sign(&claims(NOW)), &keys), Err(TokenFault::UnknownKey));
    // what claims to need an extension that nobody here knows
    let mut critical = signer.header();
    critical.crit = Some(vec!["exp".to_owned()]);
    assert!(name(&signer.sign_with(&critical, &claims(NOW)), &keys).is_err());
    for text in ["", ".", "..", "a.b.c", "a.b.c.d", &"a".repeat(100_000)] {
        assert_eq!(name(text, &keys), Err(TokenFault::Form));
    }
}

#[test]
fn what_a_token_says_is_held_against_the_settings() {
    let signer = Signer::new(Algorithm::ES256, "a");
    let keys = set(&keys(&[&signer]));
    let with = |key: &str, value: Value| {
        let mut claims = claims(NOW);
        claims[key] = value;
        name(&signer.sign(&claims), &keys)
    };
    let good = Ok("user:svc-orders".to_owned());
    for (key, value, expected) in [
        ("iss", json!("https://issuer.example/"), Err(TokenFault::Issuer)),
        ("iss", json!(["https://issuer.example"]), Err(TokenFault::Issuer)),
        ("iss", Value::Null, Err(TokenFault::Issuer)),
        ("aud", json!("second"), good.clone()),
        ("aud", json!(["x", "registry"]), good.clone()),
        ("aud", json!(["x"]), Err(TokenFault::Audience)),
        ("aud", json!([]), Err(TokenFault::Audience)),
        ("aud", json!("registry2"), Err(TokenFault::Audience)),
        ("aud", Value::Null, Err(TokenFault::Audience)),
        ("exp", json!(NOW - 29), good.clone()),
        ("exp", json!(NOW - 30), Err(TokenFault::Expired)),
        ("exp", json!(1_000_000.5), good.clone()),
        ("exp", json!("9999999999"), Err(TokenFault::Expired)),
        ("exp", json!(1e300), Err(TokenFault::Expired)),
        ("exp", Value::Null, Err(TokenFault::Expired)),
        ("nbf", json!(NOW + 30), good.clone()),
        ("nbf", json!(NOW + 31), Err(TokenFault::NotYet)),
        ("nbf", json!("soon"), Err(TokenFault::NotYet)),
        ("sub", json!(""), Err(TokenFault::Principal)),
        ("sub", json!(7), Err(TokenFault::Principal)),
        ("sub", json!("a\nb"), Err(TokenFault::Principal)),
        ("sub", json!("x".repeat(600)), Err(TokenFault::Principal)),
        ("groups", json!("one two"), good.clone()),
        ("groups", Value::Null, good.clone()),
        ("groups", json!([1]), Err(TokenFault::Groups)),
        ("groups", json!({ "a": 1 }), Err(TokenFault::Groups)),
        ("groups", json!(vec!["x"; 1001]), Err(TokenFault::Groups)),
    ] {
        assert_eq!(with(key, value.clone()), expected, "{key} {value}");
    }
    for (typ, expected) in [
        (Some("JWT"), true),
        (Some("at+jwt"), true),
        (Some("application/at+jwt"), true),
        (None, true),
        (Some("logout+jwt"), false),
        (Some("dpop+jwt"), false),
    ] {
        let mut header = signer.header();
        header.typ = typ.map(str::to_owned);
        assert_eq!(name(&signer.sign_with(&header, &claims(NOW)), &keys).is_ok(), expected, "{typ:?}");
    }
    // without an id every key that fits is tried
    let mut header = signer.header();
    header.kid = None;
    let other = Signer::new(Algorithm::ES256, "other");
    assert_eq!(name(&signer.sign_with(&header, &claims(NOW)), &set(&super::keys(&[&other, &signer]))), good);
}

#[test]
fn claims_are_found_by_path() {
    let signer = Signer::new(Algorithm::EdDSA, "a");
    let keys = set(&keys(&[&signer]));
    let mut claims = claims(NOW);
    claims["https://example.com/name"] = json!("by-url");
    claims["resource_access"] = json!({ "schema.registry": { "roles": ["deep"] } });
    let token = signer.sign(&claims);
    for (principal, groups, expected) in [
        ("sub", "realm_access.roles", Some(("svc-orders", &["r1", "r2"][..]))),
        ("[https://example.com/name]", "resource_access.[schema.registry].roles", Some(("by-url", &["deep"]))),
        ("sub", "nothing.here", Some(("svc-orders", &[]))),
        ("nothing.here", "groups", None),
    ] {
        let settings =
            OidcSettings { principal: ClaimPath::parse(principal).unwrap(), groups: ClaimPath::parse(groups), ..settings() };
        let found = settings.verify(&token, &keys, NOW * 1000).ok();
        let found = found.as_ref().map(|identity| {
            (&*identity.principal.name, identity.principal.groups.iter().map(|group| &**group).collect::<Vec<_>>())
        });
        assert_eq!(found, expected.map(|(name, groups)| (name, groups.to_vec())), "{principal} {groups}");
    }
    for broken in ["", ".", "a.", ".a", "a..b", "[a", "[]", "[a]b"] {
        assert_eq!(ClaimPath::parse(broken), None, "{broken}");
    }
}

#[test]
fn keys_that_are_no_use_are_passed_over_and_sets_without_any_are_refused() {
    let signer = Signer::new(Algorithm::RS256, "a");
    let (good, mut encrypting, mut foreign) = (signer.jwk(), signer.jwk(), signer.jwk());
    encrypting["use"] = json!("enc");
    foreign["alg"] = json!("RSA-OAEP");
    let set = |keys: Value| KeySet::parse(&json!({ "keys": keys }).to_string()).map(|set| set.len());
    assert_eq!(set(json!([encrypting, foreign, good, { "kty": "AKP" }, 7])), Ok(1));
    assert_eq!(set(json!([encrypting])), Err(KeySetError::Empty));
    assert_eq!(set(json!([])), Err(KeySetError::Empty));
    assert_eq!(set(json!(vec![good; 101])), Err(KeySetError::TooMany));
    for text in ["", "{}", "[]", "{\"keys\":{}}", "<html>"] {
        assert_eq!(KeySet::parse(text).err(), Some(KeySetError::Form), "{text}");
    }
}

fn clock(now: &std::sync::Arc<std::sync::atomic::AtomicI64>) -> Clock {
    let now = std::sync::Arc::clone(now);
    std::sync::Arc::new(move || now.load(std::sync::atomic::Ordering::Relaxed))
}

async fn ask(app: &TestApp, method: Method, target: &str, token: &str) -> crate::support::app::Answer {
    let header = format!("Bearer {token}");
    let headers = [("authorization", header.as_str()), ("content-type", "application/json")];
    app.send(method, target, &headers, json!({ "schema": "\"int\"" }).to_string()).await
}

on_both! {
    async fn a_token_is_a_login_with_the_groups_that_it_says_until_it_ends(db) {
        let now = std::sync::Arc::new(std::sync::atomic::AtomicI64::new(NOW * 1000));
        let text = "[[allow]]\nprincipals = [\"group:team-orders\"]\nroles = [\"producer\"]\nsubjects = [\"orders-*\"]\n";
        let issuer = Issuer::new(settings(), clock(&now));
        let logins = Logins::new(None, None, Some(rules(text)), false).with_issuers(vec![std::sync::Arc::clone(&issuer)]);
        let gate = Gate::new(logins, VerifierLimits::default(), clock(&now)).unwrap();
        let app = TestApp::with(db, Setup { gate: Some(std::sync::Arc::clone(&gate)), ..Setup::default() }).await;
        let signer = Signer::new(Algorithm::ES256, "a");
        let token = signer.sign(&claims(NOW));
        // nobody has brought keys
        let answer = tokio::join!(ask(&app, Method::GET, "/subjects", &token), async { issuer.wants_keys().await; issuer.round_ended(); }).0;
        assert_eq!((answer.error().0, answer.error().1, answer.header("retry-after")), (503, 50381, "1"));
        assert_eq!(issuer.take(keys(&[&signer]).to_string(), 3_600_000), Ok((1, true)));
        assert_eq!(issuer.take(keys(&[&signer]).to_string(), 7_200_000), Ok((1, false)));
        gate.renew();
        let who = ask(&app, Method::GET, "/accordant/v1/whoami", &token).await.ok();
        assert_eq!((&who["principal"], &who["groups"], &who["login"]), (&json!("user:svc-orders"), &json!(["team-orders"]), &json!("oidc")));
        assert_eq!(ask(&app, Method::POST, "/subjects/orders-a/versions", &token).await.status, 200);
        assert_eq!(ask(&app, Method::POST, "/subjects/payments-a/versions", &token).await.status, 403);
        let answer = app.get("/subjects").await;
        assert_eq!((answer.status.as_u16(), answer.header("www-authenticate")), (401, "Bearer realm=\"accordant\""));
        assert_eq!(ask(&app, Method::GET, "/subjects", "a.b.c").await.status, 401);
        // a set that can't be used leaves the keys as they are
        assert!(issuer.take("<html>".to_owned(), 1).is_err());
        for (seconds, status) in [(3600 + 29, 200), (3600 + 30, 401)] {
            now.store((NOW + seconds) * 1000, std::sync::atomic::Ordering::Relaxed);
            assert_eq!(ask(&app, Method::GET, "/subjects", &token).await.status, status, "{seconds}");
        }
        // the keys end too: of a token that was not seen before it can't be told whose it is
        now.store((NOW + 7200) * 1000, std::sync::atomic::Ordering::Relaxed);
        let later = signer.sign(&claims(NOW + 7200));
        let answer = tokio::join!(ask(&app, Method::GET, "/subjects", &later), async { issuer.wants_keys().await; issuer.round_ended(); }).0;
        assert_eq!(answer.error().1, 50381);
    }

    async fn a_key_that_is_missing_is_asked_for_once_and_the_request_waits_for_it(db) {
        let now = std::sync::Arc::new(std::sync::atomic::AtomicI64::new(NOW * 1000));
        let issuer = Issuer::new(settings(), clock(&now));
        let logins = Logins::new(None, None, None, false).with_issuers(vec![std::sync::Arc::clone(&issuer)]);
        let gate = Gate::new(logins, VerifierLimits::default(), clock(&now)).unwrap();
        let app = TestApp::with(db, Setup { gate: Some(gate), ..Setup::default() }).await;
        let (old, new, forged) = (Signer::new(Algorithm::RS256, "old"), Signer::new(Algorithm::ES256, "new"), Signer::new(Algorithm::ES256, "other"));
        issuer.take(keys(&[&old]).to_string(), 3_600_000).unwrap();
        assert_eq!(ask(&app, Method::GET, "/subjects", &old.sign(&claims(NOW))).await.status, 200);
        let token = new.sign(&claims(NOW));
        let rotated = async {
            issuer.wants_keys().await;
            issuer.take(keys(&[&old, &new]).to_string(), 3_600_000).unwrap();
            issuer.round_ended();
        };
        let (answer, ()) = tokio::join!(ask(&app, Method::GET, "/subjects", &token), rotated);
        assert_eq!(answer.status, 200);
        // nobody is asked again so soon, however many keys are made up
        for n in 0..50 {
            let mut claims = claims(NOW);
            claims["jti"] = json!(n);
            assert_eq!(ask(&app, Method::GET, "/subjects", &forged.sign(&claims)).await.status, 401);
        }
    }
}
