//! Medians and the tables that are printed.

/// The middle value; of an even number of values the upper one of the middle two.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The smallest and the largest value.
pub fn range(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)))
}

/// What is aimed at.
#[derive(Clone, Copy)]
pub enum Target {
    AtLeast(f64),
    Below(f64),
    None,
}

impl Target {
    fn verdict(self, value: f64, unit: &str) -> String {
        match self {
            Self::AtLeast(least) => format!("at least {least}{unit} | {}", if value >= least { "met" } else { "**missed**" }),
            Self::Below(most) => format!("below {most}{unit} | {}", if value < most { "met" } else { "**missed**" }),
            Self::None => "| ".to_owned(),
        }
    }
}

/// Prints a heading and the head of a table, whose last two columns are the target and whether it is met.
pub fn table(title: &str, columns: &[&str]) {
    println!("\n### {title}\n");
    println!("| {} | Target | |", columns.join(" | "));
    println!("|{}", " --- |".repeat(columns.len() + 2));
}

/// Prints a row; the target is held against `value`.
pub fn row(cells: &[String], value: f64, target: Target, unit: &str) {
    println!("| {} | {} |", cells.join(" | "), target.verdict(value, unit));
}
