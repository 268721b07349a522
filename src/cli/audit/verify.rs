//! `accordant audit verify`.

use super::checkpoint::{self, CheckpointKey};
use super::{PAGE, failed, usage};
use crate::cli::{CommandFailure, Exit};
use crate::store::{AuditReader, ChainCheck};

#[expect(clippy::print_stdout, reason = "what the command says")]
pub(super) async fn run(
    reader: &dyn AuditReader,
    checkpoints: Option<&str>,
    key: Option<&CheckpointKey>,
) -> Result<Exit, CommandFailure> {
    let cluster_id = reader.cluster_id().await.map_err(failed)?;
    let chain = reader.chain().await.map_err(failed)?;
    let checkpoints = checkpoints.map(|text| checkpoint::parse(text, &cluster_id, key)).transpose();
    let checkpoints = checkpoints.map_err(|reason| usage(format!("checkpoint: {reason}")))?.unwrap_or_default();
    let past = checkpoints.iter().filter(|checkpoint| checkpoint.position < chain.removed_position).count();
    let mut check = ChainCheck::new(chain.clone(), checkpoints.clone());
    // below the first place as well: nothing belongs there
    let mut after = i64::MIN;
    loop {
        let entries = reader.entries(after, PAGE).await.map_err(failed)?;
        let Some(last) = entries.last() else { break };
        after = last.position();
        for entry in &entries {
            check.take(entry);
        }
    }
    let unsealed = reader.unsealed().await.map_err(failed)?;
    let (findings, further) = check.finish(if reader.seals_at_once() { unsealed } else { 0 });
    for finding in &findings {
        println!("{finding}");
    }
    if further > 0 {
        println!("and {further} findings more");
    }
    if past > 0 {
        println!("{past} of {} checkpoints are older than what is kept", checkpoints.len());
    }
    if !reader.seals_at_once() && unsealed > 0 {
        println!("{unsealed} entries are not sealed yet; a server does that within a second");
    }
    let (first, last) = (chain.removed_position + 1, chain.position);
    if !findings.is_empty() {
        println!("the record of {cluster_id} is not what it was");
        return Ok(Exit::Refused);
    }
    if last < first {
        println!("the record of {cluster_id} has no entries");
    } else {
        println!("the record of {cluster_id} is whole: entries {first} to {last}, hash {}", chain.hash);
    }
    Ok(Exit::Success)
}
