//! Entries as lines for other programs: JSON, CSV, and CEF for those that collect events of security.

use std::fmt::Write as _;

use crate::store::AuditEntry;
use crate::types::timestamp;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AuditFormat {
    Json,
    Csv,
    Cef,
}

impl AuditFormat {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "json" => Some(Self::Json),
            "csv" => Some(Self::Csv),
            "cef" => Some(Self::Cef),
            _ => None,
        }
    }

    /// The line before all others.
    pub(super) fn head(self) -> Option<&'static str> {
        let columns = "position,at,operation,actor,login,address,userAgent,requestId,reason,subject,version,id,guidBefore,guidAfter,details,hash";
        (self == Self::Csv).then_some(columns)
    }

    pub(super) fn line(self, entry: &AuditEntry) -> String {
        match self {
            Self::Json => entry.to_json(),
            Self::Csv => csv(entry),
            Self::Cef => cef(entry),
        }
    }
}

fn text<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// Every cell in quotes. What a spreadsheet would take for a formula gets an apostrophe: clients choose some of these texts.
fn csv(entry: &AuditEntry) -> String {
    let cells = [
        entry.position.to_string(),
        timestamp(entry.at),
        entry.operation.clone(),
        entry.actor.clone(),
        entry.login.clone(),
        text(entry.address.as_ref()),
        text(entry.user_agent.as_ref()),
        entry.request_id.clone(),
        text(entry.reason.as_ref()),
        entry.subject.qualified(),
        text(entry.version),
        text(entry.schema_id),
        text(entry.guid_before),
        text(entry.guid_after),
        text(entry.details.as_ref()),
        entry.hash.clone(),
    ];
    let cell = |cell: &String| {
        let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
        format!("\"{guard}{}\"", cell.replace('"', "\"\""))
    };
    cells.iter().map(cell).collect::<Vec<_>>().join(",")
}

/// `ArcSight`'s Common Event Format, version 0, with the keys of its dictionary; what it has no key for is in the custom texts.
fn cef(entry: &AuditEntry) -> String {
    let severity = match entry.operation.as_str() {
        "login.failed" | "write.denied" => 6,
        operation if operation.ends_with(".purged") || operation.ends_with(".deleted") => 5,
        _ => 3,
    };
    let outcome = if severity == 6 { "failure" } else { "success" };
    let name = entry.operation.replace('.', " ");
    let header = |text: &str| text.replace('\\', "\\\\").replace('|', "\\|").replace(['\n', '\r'], " ");
    let value = |text: &str| text.replace('\\', "\\\\").replace('=', "\\=").replace('\r', "\\r").replace('\n', "\\n");
    let mut line = format!(
        "CEF:0|Accordant|Accordant|{}|{}|{}|{severity}|rt={} externalId={} suser={} outcome={outcome}",
        env!("CARGO_PKG_VERSION"),
        header(&entry.operation),
        header(&name),
        entry.at,
        entry.position,
        value(&entry.actor),
    );
    let address = entry.address.as_deref().map(|address| (if address.contains(':') { "c6a2" } else { "src" }, address));
    let optional = [address, entry.user_agent.as_deref().map(|agent| ("requestClientApplication", agent))];
    let labelled = [
        ("cs1", "subject", Some(entry.subject.qualified()).filter(|subject| !subject.is_empty())),
        ("cs2", "login", Some(entry.login.clone())),
        ("cs3", "guidAfter", entry.guid_after.map(|guid| guid.to_string())),
        ("cs4", "guidBefore", entry.guid_before.map(|guid| guid.to_string())),
        ("cs5", "requestId", Some(entry.request_id.clone()).filter(|id| !id.is_empty())),
        ("cs6", "details", entry.details.clone()),
        ("cn1", "version", entry.version.map(|version| version.to_string())),
        ("cn2", "id", entry.schema_id.map(|id| id.to_string())),
    ];
    for (key, given) in optional.into_iter().flatten() {
        // a String takes whatever is written
        let _ = write!(line, " {key}={}", value(given));
        if key == "c6a2" {
            line.push_str(" c6a2Label=Source IPv6 Address");
        }
    }
    for (key, label, given) in labelled {
        if let Some(given) = given {
            let _ = write!(line, " {key}Label={label} {key}={}", value(&given));
        }
    }
    if let Some(reason) = &entry.reason {
        let _ = write!(line, " reason={}", value(reason));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Subject;

    fn entry() -> AuditEntry {
        AuditEntry {
            position: 7,
            at: 0,
            operation: "schema.deleted".to_owned(),
            actor: "user:a|b=c".to_owned(),
            login: "basic".to_owned(),
            address: Some("10.0.0.1".to_owned()),
            user_agent: Some("=cmd \"x\"".to_owned()),
            request_id: "r".to_owned(),
            reason: Some("two\nlines".to_owned()),
            subject: Subject::plain("orders"),
            version: Some(2),
            schema_id: None,
            guid_before: None,
            guid_after: None,
            details: None,
            hash: "h".to_owned(),
        }
    }

    #[test]
    fn what_a_client_has_chosen_stays_in_its_place() {
        assert_eq!(
            csv(&entry()),
            "\"7\",\"1970-01-01T00:00:00.000Z\",\"schema.deleted\",\"user:a|b=c\",\"basic\",\"10.0.0.1\",\"'=cmd \"\"x\"\"\",\"r\",\
             \"two\nlines\",\"orders\",\"2\",\"\",\"\",\"\",\"\",\"h\""
        );
        let line = cef(&entry());
        assert!(line.starts_with("CEF:0|Accordant|Accordant|"), "{line}");
        assert!(
            line.contains("|schema.deleted|schema deleted|5|rt=0 externalId=7 suser=user:a|b\\=c outcome=success src=10.0.0.1"),
            "{line}"
        );
        assert!(line.ends_with(" reason=two\\nlines") && !line.contains('\n'), "{line}");
    }
}
