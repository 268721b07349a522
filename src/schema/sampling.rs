//! What samples of data are made of: a source of chance that gives the same for the same seed, and that ends.

/// Values of one sample; beyond that only what must be there is made.
const VALUES: usize = 2_000;
/// Nesting beyond which only what must be there is made.
const DEPTH: usize = 6;
/// Longest text that is made of chance.
pub(crate) const MAX_TEXT: usize = 10_000;

const WORDS: [&str; 24] = [
    "amber", "basil", "cedar", "delta", "ember", "fjord", "grove", "harbor", "indigo", "juniper", "krill", "lagoon", "maple",
    "nectar", "onyx", "pebble", "quartz", "river", "saffron", "tundra", "umber", "violet", "willow", "zephyr",
];

/// Chance, for one sample.
#[derive(Debug)]
pub struct RandomSource {
    random: fastrand::Rng,
    left: usize,
    depth: usize,
}

impl RandomSource {
    /// The same seed gives the same samples.
    pub fn new(seed: u64) -> Self {
        Self { random: fastrand::Rng::with_seed(seed), left: VALUES, depth: 0 }
    }

    /// Begins another sample.
    pub(crate) fn begin(&mut self) {
        (self.left, self.depth) = (VALUES, 0);
    }

    /// Goes into a value; false where no more than what must be there should be made of it.
    pub(crate) fn enter(&mut self) -> bool {
        self.depth += 1;
        self.left = self.left.saturating_sub(1);
        self.left > 0 && self.depth <= DEPTH
    }

    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }

    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// True so many times in a hundred.
    pub(crate) fn percent(&mut self, share: u8) -> bool {
        self.random.u8(0..100) < share
    }

    /// One of so many.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        if count == 0 { 0 } else { self.random.usize(0..count) }
    }

    pub(crate) fn pick<'a, T>(&mut self, values: &'a [T]) -> Option<&'a T> {
        let at = self.below(values.len());
        values.get(at)
    }

    /// A number between two, both included. Small ones and the ends come up more often.
    pub(crate) fn integer(&mut self, least: i128, most: i128) -> i128 {
        let most = most.max(least);
        match self.random.u8(0..20) {
            0 => least,
            1 => most,
            2..=13 => {
                let middle = 0_i128.clamp(least, most);
                let (low, high) = (least.max(middle.saturating_sub(1_000)), most.min(middle.saturating_add(1_000)));
                self.random.i128(low..=high)
            }
            _ => self.random.i128(least..=most),
        }
    }

    /// A number with two digits behind the point.
    pub(crate) fn decimal(&mut self) -> String {
        let cents = self.random.i64(-1_000_000..=10_000_000);
        let (sign, cents) = (if cents < 0 { "-" } else { "" }, cents.unsigned_abs());
        format!("{sign}{}.{:02}", cents / 100, cents % 100)
    }

    pub(crate) fn word(&mut self) -> &'static str {
        self.pick(&WORDS).copied().unwrap_or("amber")
    }

    /// One to three words.
    pub(crate) fn text(&mut self) -> String {
        let count = self.random.usize(1..=3);
        (0..count).map(|_| self.word()).collect::<Vec<_>>().join(" ")
    }

    /// Letters, exactly so many.
    pub(crate) fn letters(&mut self, count: usize) -> String {
        let mut text = String::new();
        while text.len() < count {
            text.push_str(self.word());
        }
        text.truncate(count);
        text
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.random.u8(..)).collect()
    }

    /// Of version 4.
    pub(crate) fn uuid(&mut self) -> String {
        let bytes: [u8; 16] = std::array::from_fn(|_| self.random.u8(..));
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    /// A time of the years 2020 to 2029, in seconds since 1970.
    pub(crate) fn seconds(&mut self) -> i64 {
        self.random.i64(1_577_836_800..=1_893_455_999)
    }
}

/// What texts look like, by the end of the name of what holds them.
const NAMED: [(&str, &[&str]); 9] = [
    ("currency", &["EUR", "USD", "JPY", "CHF"]),
    ("country", &["DE", "FR", "JP", "BR"]),
    ("language", &["en", "de", "ja", "pt"]),
    ("city", &["Lyon", "Porto", "Kyoto", "Bergen"]),
    ("status", &["OPEN", "CLOSED", "PENDING"]),
    ("email", &["ada@example.com", "grace@example.com", "alan@example.org"]),
    ("url", &["https://example.com/a", "https://example.org/b?c=1"]),
    ("uri", &["https://example.com/a", "urn:example:b"]),
    ("name", &["Ada", "Grace", "Alan", "Edsger"]),
];

impl RandomSource {
    /// A text for something of this name.
    pub(crate) fn named(&mut self, name: &str) -> String {
        let name = name.to_ascii_lowercase();
        if name == "id" || name.ends_with("_id") || name.ends_with("uuid") {
            return self.uuid();
        }
        match NAMED.iter().find(|(end, _)| name.ends_with(end)) {
            Some((_, texts)) => self.pick(texts).copied().unwrap_or_default().to_owned(),
            None => self.text(),
        }
    }
}
