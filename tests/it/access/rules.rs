//! How rules are read, and how they decide. Pure: no server is needed.

use accordant::access::{AccessRules, DenialForm, Operation, Principal, Rights};
use accordant::types::Subject;

use super::rules;

fn rights(text: &str, who: &str) -> Rights {
    rules(text).rights_of(&Principal::parse(who), DenialForm::Forbidden)
}

fn allowed(text: &str, who: &str, operation: Operation, subject: &str) -> bool {
    rights(text, who).allows(operation, &Subject::parse(subject))
}

fn refusal(text: &str) -> String {
    AccessRules::parse(text, &"access.toml".into()).unwrap_err().to_string()
}

fn reads(pattern: &str, subject: &str) -> bool {
    let text = format!("[[allow]]\nprincipals = [\"user:a\"]\nroles = [\"reader\"]\nsubjects = [\"{pattern}\"]");
    allowed(&text, "a", Operation::SubjectRead, subject)
}

#[test]
fn patterns_are_of_the_default_context_unless_they_say_otherwise() {
    for (pattern, subject, expected) in [
        ("orders", "orders", true),
        ("orders", "orders-1", false),
        ("orders-*", "orders-", true),
        ("orders-*", "orders-a-b", true),
        ("orders-*", "xorders-a", false),
        ("orders-*", ":.pay:orders-a", false),
        ("*-value", "a-value", true),
        ("*-value", "a-value-1", false),
        ("a*b*c", "a1b2c", true),
        ("a*b*c", "acb", false),
        ("a*a", "a", false),
        (":.:orders", "orders", true),
        (":.pay:*", ":.pay:orders", true),
        (":.pay:*", ":.pay:", true),
        (":.pay:*", ":.payroll:orders", false),
        (":.pay*:*", ":.payroll:orders", true),
        (":*:orders-*", ":.pay:orders-a", true),
        (":*:orders-*", "orders-a", true),
        ("*", ":.pay:orders", true),
        ("*", "", true),
        (":.:*", ":.pay:orders", false),
        (":orders", ":orders", true),
    ] {
        assert_eq!(reads(pattern, subject), expected, "{pattern} {subject}");
    }
}

#[test]
fn what_is_denied_is_denied_whatever_allows_it() {
    let text = "[[allow]]\nprincipals = [\"*\"]\nroles = [\"owner\"]\nsubjects = [\"*\"]\n\
                [[deny]]\nprincipals = [\"group:interns\"]\noperations = [\"SUBJECT_DELETE\"]\nsubjects = [\"orders-*\"]\n\
                [groups]\ninterns = [\"user:bob\", \"user:i-*\"]\n";
    for (who, operation, subject, expected) in [
        ("bob", Operation::SubjectDelete, "orders-a", false),
        ("bob", Operation::SubjectWrite, "orders-a", true),
        ("bob", Operation::SubjectDelete, "other", true),
        ("i-7", Operation::SubjectDelete, "orders-a", false),
        ("alice", Operation::SubjectDelete, "orders-a", true),
    ] {
        assert_eq!(allowed(text, who, operation, subject), expected, "{who} {operation:?} {subject}");
    }
}

#[test]
fn nothing_is_allowed_to_who_has_not_logged_in_unless_that_is_said() {
    let everyone = "[[allow]]\nprincipals = [\"*\"]\nroles = [\"reader\"]\nsubjects = [\"*\"]\n";
    assert!(!allowed(everyone, "anonymous", Operation::SubjectRead, "orders"));
    let named = format!("{everyone}[[allow]]\nprincipals = [\"anonymous\"]\nroles = [\"reader\"]\nsubjects = [\"*\"]\n");
    assert!(allowed(&named, "anonymous", Operation::SubjectRead, "orders"));
    let denied = format!("{named}[[deny]]\nprincipals = [\"*\"]\nroles = [\"reader\"]\nsubjects = [\"secret\"]\n");
    assert!(!allowed(&denied, "anonymous", Operation::SubjectRead, "secret"), "it can't have more than everyone");
    assert!(!allowed(&named, "anonymous", Operation::SubjectWrite, "orders"));
}

#[test]
fn roles_of_some_subjects_give_nothing_over_the_registry() {
    for role in ["reader", "producer", "developer", "manager", "owner", "admin"] {
        let text = format!("[[allow]]\nprincipals = [\"user:a\"]\nroles = [\"{role}\"]\nsubjects = [\"orders-*\"]\n");
        let rights = rights(&text, "a");
        for operation in [Operation::GlobalCompatibilityWrite, Operation::Admin, Operation::AuditRead] {
            assert!(!rights.allows_globally(operation), "{role} {operation:?}");
        }
        assert!(rights.allows_globally(Operation::GlobalRead), "{role}");
        assert!(rights.allows(Operation::SubjectCompatibilityRead, &Subject::parse("orders-a")), "kafkajs: {role}");
    }
    let text = "[[allow]]\nprincipals = [\"*\"]\nroles = [\"reader\"]\nsubjects = [\"*\"]\n\
                [[deny]]\nprincipals = [\"*\"]\nroles = [\"admin\"]\nsubjects = [\"secret\"]\n";
    assert!(rights(text, "a").allows_globally(Operation::GlobalRead), "lists go on without the secret");
}

#[test]
fn broken_rules_are_refused_with_the_line() {
    let rule = |line: &str| format!("[[allow]]\nprincipals = [\"user:a\"]\n{line}\n");
    for (text, expected) in [
        (rule("roles = [\"king\"]\nsubjects = [\"*\"]"), "line 1: the role \"king\" is none of reader, producer"),
        (rule("operations = [\"SCHEMA_READ\"]\nsubjects = [\"*\"]"), "line 1: SCHEMA_READ can't be granted"),
        (rule("operations = [\"FLY\"]\nsubjects = [\"*\"]"), "line 1: the operation \"FLY\" is none of SUBJECT_READ"),
        (rule("roles = [\"reader\"]"), "line 1: subjects is missing"),
        (rule("roles = [\"reader\"]\nsubjects = []"), "line 1: subjects is empty"),
        (rule("subjects = [\"*\"]"), "line 1: neither roles nor operations"),
        (rule("operations = [\"ADMIN\"]\nsubjects = [\"a\"]"), "line 1: ADMIN is about the registry as a whole"),
        (rule("roles = [\"reader\"]\nsubjects = [\":.pay\"]"), "line 1: the pattern \":.pay\" is a context alone"),
        (rule("roles = [\"reader\"]\nsubject = [\"a\"]"), "line 4: unknown field `subject`"),
        (
            "[[allow]]\nprincipals = [\"alice\"]\nroles = [\"reader\"]\nsubjects = [\"*\"]".to_owned(),
            "line 1: the principal \"alice\" is none of",
        ),
        ("\n\n[[deny]]\nprincipals = []\nroles = [\"reader\"]\nsubjects = [\"*\"]".to_owned(), "line 3: principals is empty"),
        ("[groups]\na = [\"*\"]".to_owned(), "group a: * is no member of groups"),
        ("[[allow]\n".to_owned(), "line 1: "),
    ] {
        let refusal = refusal(&text);
        assert!(refusal.starts_with(expected), "{refusal}\n{text}");
    }
}

#[test]
fn a_verdict_names_the_rule() {
    let text = "[[allow]]\nprincipals = [\"user:a\"]\nroles = [\"producer\"]\nsubjects = [\"orders-*\"]\n\n\
                [[deny]]\nprincipals = [\"user:a\"]\noperations = [\"SUBJECT_WRITE\"]\nsubjects = [\"orders-old\"]\n";
    let rights = rights(text, "a");
    let said = |subject: &str| {
        let subject = Subject::parse(subject);
        let verdict = rights.verdict(Operation::SubjectWrite, Some(&subject));
        (verdict.allowed, verdict.rule.map(|rule| rule.origin.to_string()))
    };
    assert_eq!(said("orders-new"), (true, Some("access.toml:1".to_owned())));
    assert_eq!(said("orders-old"), (false, Some("access.toml:6".to_owned())));
    assert_eq!(said("bills"), (false, None));
}
