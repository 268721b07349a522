//! `schema_registry_converter` logs in, and is refused. The environment says where: see `../../logins/run`.

use reqwest::{Certificate, ClientBuilder, Identity};
use schema_registry_converter::async_impl::schema_registry::{
    SrSettings, SrSettingsBuilder, get_all_subjects, get_schema_by_id, post_schema,
};
use schema_registry_converter::schema_registry_common::{SchemaType, SuppliedSchema};

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(variable(name)).unwrap()
}

/// The HTTP client of the user's own, which is how authorities and certificates are given to this one.
fn http() -> ClientBuilder {
    accordant_clients::provide_cryptography();
    reqwest::Client::builder().tls_certs_only([Certificate::from_pem(&file("CA_FILE")).unwrap()])
}

fn with_certificate(certificate: &str, key: &str) -> ClientBuilder {
    http().identity(Identity::from_pem(&[file(key), file(certificate)].concat()).unwrap())
}

fn builder() -> SrSettingsBuilder {
    SrSettings::new_builder(variable("REGISTRY_URL"))
}

fn basic(user: &str, password: &str) -> SrSettings {
    builder().set_basic_authorization(user, Some(password)).build_with(http()).unwrap()
}

fn in_url(password: &str) -> SrSettings {
    let url = variable("REGISTRY_URL").replace("https://", &format!("https://alice:{password}@"));
    SrSettings::new_builder(url).build_with(http()).unwrap()
}

fn bearer(token: &str) -> SrSettings {
    builder().set_token_authorization(token).build_with(http()).unwrap()
}

/// This client fetches no tokens by itself: its users do, as here.
async fn client_credentials(client: &str) -> SrSettings {
    let request =
        http().build().unwrap().post(variable("ISSUER_TOKEN_URL")).basic_auth(client, Some(format!("secret-of-{client}")));
    let request =
        request.header("content-type", "application/x-www-form-urlencoded").body("grant_type=client_credentials&scope=registry");
    let answer = request.send().await.unwrap().text().await.unwrap();
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    bearer(answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")))
}

fn schema() -> SuppliedSchema {
    SuppliedSchema::new(None, SchemaType::Avro, r#""string""#.to_owned())
}

#[tokio::test]
async fn who_logs_in_may_do_what_it_was_given_and_is_told_what_not() {
    for (at, (way, settings)) in [
        ("basic", basic("alice", "alice-password")),
        ("basic in the URL", in_url("alice-password")),
        ("a static token", bearer(&variable("REGISTRY_TOKEN"))),
        ("client credentials", client_credentials("svc-ci").await),
        ("a certificate", builder().build_with(with_certificate("CERT_FILE", "KEY_FILE")).unwrap()),
    ]
    .into_iter()
    .enumerate()
    {
        let registered = post_schema(&settings, format!("orders-rust-{at}"), schema()).await;
        let id = registered.unwrap_or_else(|error| panic!("{way}: {error:?}")).id;
        assert_eq!(get_schema_by_id(id, &settings).await.unwrap().schema, r#""string""#, "{way}");
        let refused = post_schema(&settings, "pay-value".to_owned(), schema()).await.unwrap_err();
        assert!(format!("{refused:?}").contains("User is denied operation Write on Subject: pay-value"), "{way}: {refused:?}");
    }
}

#[tokio::test]
async fn a_wrong_login_is_said_to_be_one() {
    for (what, settings) in [
        ("none", builder().build_with(http()).unwrap()),
        ("password", basic("alice", "wrong")),
        ("user", basic("nobody", "alice-password")),
        ("URL", in_url("wrong")),
        ("token", bearer("accordant_wrong")),
    ] {
        let refused = post_schema(&settings, "orders-x".to_owned(), schema()).await.unwrap_err();
        assert!(format!("{refused:?}").contains("Unauthorized"), "{what}: {refused:?}");
    }
}

#[tokio::test]
async fn a_service_of_the_issuer_has_the_rights_of_its_name_alone() {
    let refused = post_schema(&client_credentials("svc-nobody").await, "orders-x".to_owned(), schema()).await.unwrap_err();
    assert!(format!("{refused:?}").contains("User is denied operation Write"), "{refused:?}");
}

#[tokio::test]
async fn a_certificate_that_nobody_here_has_signed_ends_the_connection() {
    let settings = builder().build_with(with_certificate("OTHER_CERT_FILE", "OTHER_KEY_FILE")).unwrap();
    let refused = format!("{:?}", get_all_subjects(&settings).await.unwrap_err());
    // mostly "UnknownCA"; where the request was on its way already, the end of the connection can be faster than the alert
    let ends = ["UnknownCA", "ConnectionReset", "BrokenPipe", "UnexpectedEof", "IncompleteMessage", "ConnectionAborted"];
    assert!(ends.iter().any(|end| refused.contains(end)), "{refused}");
}
