//! What the record of changes costs registrations.

use anyhow::Result;

use crate::measure::Bench;
use crate::process::Place;
use crate::report::{Target, median, range, row, table};

impl Bench<'_> {
    /// Registrations of new schemas with the record and without it: a commit is to carry as many with it.
    pub async fn audit(&self) -> Result<()> {
        const CONNECTIONS: [usize; 2] = [16, 100];
        let with = self.start("with.db", Place::Anywhere, &[])?;
        let without = self.start("without.db", Place::Anywhere, &["--audit", "false"])?;
        let next = std::rc::Rc::new(std::cell::Cell::new(0));
        // for each number of connections: registrations per flush with and without, their ratio, milliseconds of CPU with and without
        let mut seen = vec![[const { Vec::new() }; 5]; CONNECTIONS.len()];
        for round in 0..self.effort.commit_rounds {
            for (connections, seen) in CONNECTIONS.iter().zip(&mut seen) {
                let (ours, theirs);
                // either goes first every other time
                if round % 2 == 0 {
                    ours = self.registrations(&with, *connections, &next).await?;
                    theirs = self.registrations(&without, *connections, &next).await?;
                } else {
                    theirs = self.registrations(&without, *connections, &next).await?;
                    ours = self.registrations(&with, *connections, &next).await?;
                }
                let values = [ours.per_flush, theirs.per_flush, ours.per_flush / theirs.per_flush, ours.cpu_ms, theirs.cpu_ms];
                seen.iter_mut().zip(values).for_each(|(all, value)| all.push(value));
            }
        }
        table(
            "Registrations per flush with the record of changes and without (audit=false)",
            &["Connections", "With", "Without", "Ratio", "Rounds from, to", "CPU each with", "CPU each without"],
        );
        for (connections, seen) in CONNECTIONS.iter().zip(&seen) {
            let [ours, theirs, ratio, cpu, bare_cpu] = seen.each_ref().map(|values| median(values));
            let (low, high) = range(&seen[2]);
            let cells = [
                connections.to_string(),
                format!("{ours:.1}"),
                format!("{theirs:.1}"),
                format!("{ratio:.2}"),
                format!("{low:.2}, {high:.2}"),
                format!("{cpu:.2} ms"),
                format!("{bare_cpu:.2} ms"),
            ];
            row(&cells, ratio, Target::AtLeast(0.9), "");
        }
        with.stop()?;
        without.stop()
    }
}
