//! Bases, aliases and event types in the configuration.

use std::collections::BTreeMap;

use accordant::cloudevents::resolve::{SchemaUri, UriTarget};
use accordant::config::{self, Settings};
use accordant::types::{AliasTarget, Subject, VersionSelector};

fn load(flags: &[(&'static str, &str)], environment: &[(&str, &str)]) -> Result<Settings, String> {
    let flags = flags.iter().map(|(k, v)| (*k, (*v).to_owned())).collect();
    let environment: BTreeMap<String, String> = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    config::load(&flags, &environment).map_err(|error| error.to_string())
}

fn file(text: &str) -> Result<Settings, String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.toml");
    std::fs::write(&path, text).unwrap();
    load(&[("config", path.to_str().unwrap())], &[])
}

fn read(settings: &Settings, uri: &str) -> Vec<UriTarget> {
    let uri = SchemaUri::parse(uri).unwrap();
    settings.cloudevents_base.0.iter().flat_map(|base| base.read(&uri)).collect()
}

#[test]
fn bases_are_read_from_file_flag_and_variable_alike() {
    let lines = "http://my-registry confluent; https://schemas.example.ai {subject}-v{version}.json {subject}.json";
    let text = r#"
        [[cloudevents.base]]
        url = "http://my-registry"
        style = "confluent"
        [[cloudevents.base]]
        url = "https://schemas.example.ai"
        templates = ["{subject}-v{version}.json", "{subject}.json"]
    "#;
    let by_flag = load(&[("cloudevents-base", &lines.replace("; ", "\n"))], &[]).unwrap();
    for settings in [file(text).unwrap(), by_flag, load(&[], &[("ACCORDANT_CLOUDEVENTS_BASE", lines)]).unwrap()] {
        assert_eq!(read(&settings, "http://my-registry/schemas/ids/7"), [UriTarget::Id(7, None)]);
        let version = |name: &str, version| UriTarget::Version(Subject::plain(name), version);
        let wanted = [version("a", VersionSelector::Number(2)), version("a-v2", VersionSelector::Latest)];
        assert_eq!(read(&settings, "https://schemas.example.ai/a-v2.json"), wanted);
        assert!(read(&settings, "https://schemas.example.ai/schemas/ids/7").is_empty());
    }
}

#[test]
fn aliases_and_types_are_read_from_the_file() {
    let settings = file(
        r#"
        [cloudevents]
        convention = true
        [[cloudevents.alias]]
        uri = "https://vng.example/status.json"
        subject = ":.zgw:status"
        version = 3
        [[cloudevents.alias]]
        uri = "urn:g"
        guid = "095d71cf-1255-6b9d-5e33-0ad575b3df5d"
        [[cloudevents.type]]
        type = "com.example.*"
        subject = "orders"
        require_dataschema = true
    "#,
    )
    .unwrap();
    assert!(settings.cloudevents_convention);
    let [status, by_guid] = settings.cloudevents_alias.0.as_slice() else { panic!("two aliases") };
    assert_eq!(status.target, AliasTarget::Version(Subject::in_context(".zgw", "status"), VersionSelector::Number(3)));
    assert!(matches!(by_guid.target, AliasTarget::Guid(_)));
    let [binding] = settings.cloudevents_type.0.as_slice() else { panic!("one binding") };
    assert_eq!(
        (binding.pattern.as_str(), binding.version, binding.require_dataschema),
        ("com.example.*", VersionSelector::Latest, true)
    );
}

#[test]
fn what_can_not_be_used_is_refused_with_a_reason() {
    for (text, reason) in [
        ("[[cloudevents.base]]\nurl = \"http://x\"\n", "is not a list of bases such as"),
        ("[[cloudevents.base]]\nurl = \"not a url\"\ntemplates = [\"{subject}\"]\n", "a value has no blanks here"),
        ("[[cloudevents.base]]\nurl = \"http://x\"\ntemplates = [\"{subject}{version}\"]\n", "is not a list of bases such as"),
        (
            "[[cloudevents.base]]\nurl = \"http://x\"\nstile = \"confluent\"\n",
            "has the unknown key 'stile'; known are url, style, templates",
        ),
        ("[[cloudevents.alias]]\nuri = \"urn:a\"\n", "is not a list of aliases such as"),
        ("[[cloudevents.type]]\ntype = \"t\"\n", "is not a list of event types such as"),
        ("[cloudevents]\nconvenion = true\n", "'cloudevents.convenion'; did you mean cloudevents.convention?"),
        ("[cloudevents]\nbase = \"http://x confluent\"\n", "must be written as [[cloudevents.…]] tables"),
    ] {
        let error = file(text).unwrap_err();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn ages_are_whole_seconds() {
    let settings = load(&[("immutable-max-age", "2d"), ("version-max-age", "0s")], &[]).unwrap();
    assert_eq!((settings.immutable_max_age.0, settings.id_max_age.0, settings.version_max_age.0), (172_800, 86_400, 0));
    assert!(load(&[("id-max-age", "500ms")], &[]).unwrap_err().ends_with("is not an age such as 0s, 5m, 24h or 365d"));
}
