//! Laws of the pure part: reading URIs, templates and patterns.

use accordant::cloudevents::resolve::{Base, SchemaUri, Template, UriTarget, canonical, matches, message, read_path};
use accordant::types::{Subject, VersionSelector};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The plainest way to match: by trying.
fn by_trying(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => (0..=text.len()).any(|at| by_trying(rest, &text[at..])),
        Some((first, rest)) => text.first() == Some(first) && by_trying(rest, &text[1..]),
    }
}

/// Names of subjects: all that a segment can say once it is encoded, but `.` and `..`, which no URL can.
fn subject() -> impl Strategy<Value = String> {
    "[^\0]{1,12}".prop_filter("no name", |name| name != "." && name != ".." && !name.starts_with(":."))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_comes_is_read_without_harm(text in ".{0,60}|https?://[a:\\[\\]8]{0,5}[/?#]?", template in "[{}a-z/?.-]{0,30}|\\{subject\\}[-/{}a-z]{0,12}") {
        if let Ok(uri) = SchemaUri::parse(&text) {
            prop_assert!(text.starts_with(uri.address()));
            let _ = message(&uri);
            if let Ok(path) = uri.path() {
                prop_assert!(path.iter().all(|segment| !segment.is_empty() && segment != "." && segment != ".."));
                let _ = read_path(path, uri.query());
                if let Ok(template) = Template::parse(&template) {
                    let _ = template.read(path, uri.query());
                }
            }
        }
        prop_assert_eq!(canonical(&canonical(&text)), canonical(&text));
    }

    #[test]
    fn a_url_filled_from_a_template_is_read_back(name in subject(), version in 1_i32.., dashed in any::<bool>()) {
        let (template, url) = if dashed {
            ("{subject}-v{version}.json", format!("https://x.example/s/{}-v{version}.json", encoded(&name)))
        } else {
            ("{subject}/{version}", format!("https://x.example/s/{}/{version}", encoded(&name)))
        };
        let base = Base::with_templates("https://X.example:443/s/", false, &[template]).unwrap();
        let wanted = UriTarget::Version(Subject::plain(&name), VersionSelector::Number(version));
        prop_assert_eq!(base.read(&SchemaUri::parse(&url).unwrap()), vec![wanted]);
    }

    #[test]
    fn our_own_url_is_read_back(name in subject(), version in 1_i32..) {
        let base = Base::registry("http://registry:8081").unwrap();
        for middle in ["/subjects", "/cloudevents/subjects", "/contexts/:.:/subjects"] {
            let url = format!("HTTP://Registry:8081{middle}/{}/versions/{version}", encoded(&name));
            let wanted = UriTarget::Version(Subject::plain(&name), VersionSelector::Number(version));
            prop_assert_eq!(base.read(&SchemaUri::parse(&url).unwrap()), vec![wanted]);
        }
    }

    #[test]
    fn patterns_match_as_trying_says(pattern in "[ab*]{0,8}", text in "[ab]{0,10}") {
        let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
        prop_assert_eq!(matches(&pattern, &text), by_trying(&p, &t), "{} {}", pattern, text);
    }
}

#[test]
fn templates_that_can_not_be_used_are_refused() {
    for (text, reason) in [
        ("{subject", "has a brace without its partner"),
        ("subject}", "has a brace without its partner"),
        ("{name}", "has the unknown variable {name}; known are {subject}, {version}, {id}, {guid} and {context}"),
        ("{subject}/{subject}", "has a variable twice"),
        ("{subject}{version}", "has two variables with nothing between them"),
        ("{version}", "must have exactly one of {subject}, {id} and {guid}"),
        ("{subject}/{id}", "must have exactly one of {subject}, {id} and {guid}"),
        ("{id}/{version}", "can have {version} only with {subject}, and {context} only with {subject} or {id}"),
        ("{subject}#x", "must be a path, percent-encoded where need be, without '#'"),
        ("%zz{subject}", "must be a path, percent-encoded where need be, without '#'"),
    ] {
        assert_eq!(Template::parse(text).unwrap_err().to_string(), reason, "{text}");
    }
}

#[test]
fn a_template_costs_little_whatever_the_url() {
    let template = Template::parse("{context}a{subject}a{version}").unwrap();
    let hostile = "a".repeat(2000);
    assert_eq!(template.read(&[hostile], None), None);
}
