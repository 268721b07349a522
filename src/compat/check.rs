//! A whole check at once, for who has all versions at hand.

use super::logical::{compare_logical, validity};
use super::report::{Candidate, CompatibilityReport, CompatibilitySettings, Previous, begin, compare, compared, finish};
use crate::schema::CheckError;

/// Checks a candidate against earlier versions, **newest first**; the caller has already applied the compatibility group.
/// Plain levels look at the first only; transitive ones stop at the first version with findings.
///
/// # Errors
/// When the work budget runs out.
pub fn check(
    candidate: Candidate<'_>,
    previous: &[Previous<'_>],
    rules: &CompatibilitySettings,
) -> Result<CompatibilityReport, CheckError> {
    let mut report = begin(candidate, previous.first(), rules);
    for previous in previous.iter().take(compared(rules.level, previous.len())) {
        if compare(candidate, previous, rules, &mut report)? {
            break;
        }
    }
    if rules.is_logical() {
        let compared = previous.get(..compared(rules.level, previous.len())).unwrap_or_default();
        let (found, goes_on) = validity(candidate, rules)?;
        report.append(found);
        // the messages begin with the oldest version
        for previous in compared.iter().rev().filter(|_| goes_on) {
            report.append(compare_logical(candidate, previous, rules)?);
        }
    }
    Ok(finish(report, rules))
}
