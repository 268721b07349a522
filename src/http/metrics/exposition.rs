//! Prometheus's text format, for what is read when somebody looks.

use std::fmt::Write as _;

use super::described::{MetricKind, described};

/// Series in the text format, one metric after the other.
#[derive(Default)]
pub(super) struct Exposition {
    text: String,
    last: &'static str,
}

impl Exposition {
    /// A series of a metric. All series of a metric come one after the other.
    pub(super) fn series(&mut self, name: &'static str, labels: &[(&str, &str)], value: f64) {
        let metric = described(name);
        self.series_of(
            name,
            metric.map_or(MetricKind::Gauge, |metric| metric.kind),
            metric.map_or("", |metric| metric.help),
            labels,
            value,
        );
    }

    /// A series of a metric that is described here.
    pub(super) fn series_of(&mut self, name: &'static str, kind: MetricKind, help: &str, labels: &[(&str, &str)], value: f64) {
        self.describe(name, kind, help);
        self.line(name, "", labels, value);
    }

    /// The series of a histogram: how many were up to each bound, and how many above them all; and the sum of all.
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    pub(super) fn histogram(&mut self, name: &'static str, labels: &[(&str, &str)], bounds: &[f64], counts: &[u64], sum: f64) {
        self.describe(name, MetricKind::Histogram, described(name).map_or("", |metric| metric.help));
        let (mut so_far, bounds) = (0, bounds.iter().map(ToString::to_string).chain(["+Inf".to_owned()]));
        for (bound, count) in bounds.zip(counts) {
            so_far += count;
            self.line(name, "_bucket", &[labels, &[("le", &bound)]].concat(), so_far as f64);
        }
        self.line(name, "_sum", labels, sum);
        self.line(name, "_count", labels, so_far as f64);
    }

    fn describe(&mut self, name: &'static str, kind: MetricKind, help: &str) {
        if self.last != name {
            let kind = match kind {
                MetricKind::Counter => "counter",
                MetricKind::Gauge => "gauge",
                MetricKind::Histogram => "histogram",
            };
            let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
            self.last = name;
        }
    }

    fn line(&mut self, name: &str, part: &str, labels: &[(&str, &str)], value: f64) {
        self.text.push_str(name);
        self.text.push_str(part);
        for (at, (label, value)) in labels.iter().enumerate() {
            let _ = write!(self.text, "{}{label}=\"", if at == 0 { '{' } else { ',' });
            for c in value.chars() {
                match c {
                    '\\' => self.text.push_str("\\\\"),
                    '"' => self.text.push_str("\\\""),
                    '\n' => self.text.push_str("\\n"),
                    c => self.text.push(c),
                }
            }
            self.text.push('"');
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        let _ = writeln!(self.text, " {value}");
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::Exposition;

    #[test]
    fn a_histogram_counts_up_to_each_bound() {
        let mut exposition = Exposition::default();
        exposition.histogram("accordant_request_seconds", &[("method", "GET")], &[0.0001, 60.0], &[2, 1, 3], 0.5);
        let expected = "accordant_request_seconds_bucket{method=\"GET\",le=\"0.0001\"} 2\n\
                        accordant_request_seconds_bucket{method=\"GET\",le=\"60\"} 3\n\
                        accordant_request_seconds_bucket{method=\"GET\",le=\"+Inf\"} 6\n\
                        accordant_request_seconds_sum{method=\"GET\"} 0.5\n\
                        accordant_request_seconds_count{method=\"GET\"} 6\n";
        let text = exposition.finish();
        assert!(text.ends_with(expected) && text.contains("# TYPE accordant_request_seconds histogram\n"), "{text}");
    }

    #[test]
    fn values_of_labels_are_escaped_and_a_metric_is_described_once() {
        let mut exposition = Exposition::default();
        exposition.series("accordant_subjects", &[("context", "a\"b\\c\nd")], 2.0);
        exposition.series("accordant_subjects", &[("context", ".")], 0.5);
        let text = exposition.finish();
        assert_eq!(text.matches("# TYPE accordant_subjects gauge\n").count(), 1, "{text}");
        assert!(
            text.ends_with("accordant_subjects{context=\"a\\\"b\\\\c\\nd\"} 2\naccordant_subjects{context=\".\"} 0.5\n"),
            "{text}"
        );
    }
}
