#[derive(Debug, Clone, Copy)]
pub struct ValidateOptions {
    /// `format` is an assertion, in every dialect.
    pub formats: bool,
    /// Errors after which the report ends.
    pub max_errors: usize,
    /// Errors of `anyOf` and `oneOf` list what is wrong with each alternative.
    pub causes: bool,
    /// Also prepare for `Validator::accepts_at_once`, which takes extra time.
    pub at_once: bool,
}

impl Default for ValidateOptions {
    fn default() -> Self {
        Self { formats: true, max_errors: 100, causes: false, at_once: false }
    }
}
