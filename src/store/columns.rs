//! Many rows for one statement, column by column.

/// A column of the rows that a statement inserts.
#[derive(Debug, Clone)]
pub(in crate::store) enum Column {
    Numbers(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
    Bytes(Vec<Option<Vec<u8>>>),
    Flags(Vec<bool>),
    /// The same in all rows.
    Number(i64),
    Text(Option<String>),
}

impl Column {
    pub(in crate::store) fn numbers(values: impl IntoIterator<Item = i64>) -> Self {
        Self::Numbers(values.into_iter().map(Some).collect())
    }

    pub(in crate::store) fn texts<T: Into<String>>(values: impl IntoIterator<Item = T>) -> Self {
        Self::Texts(values.into_iter().map(|text| Some(text.into())).collect())
    }

    pub(in crate::store) fn bytes(values: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self::Bytes(values.into_iter().map(Some).collect())
    }

    /// How many rows it is of; `None` where it is the same in any number of them.
    pub(in crate::store) fn rows(&self) -> Option<usize> {
        match self {
            Self::Numbers(values) => Some(values.len()),
            Self::Texts(values) => Some(values.len()),
            Self::Bytes(values) => Some(values.len()),
            Self::Flags(values) => Some(values.len()),
            Self::Number(_) | Self::Text(_) => None,
        }
    }
}

/// Rows to be inserted into a table.
#[derive(Debug, Clone)]
pub(in crate::store) struct Rows {
    pub(in crate::store) table: &'static str,
    pub(in crate::store) columns: Vec<(&'static str, Column)>,
    /// What stands behind the rows: `ON CONFLICT`, `RETURNING`.
    pub(in crate::store) rest: &'static str,
}

impl Rows {
    pub(in crate::store) fn len(&self) -> usize {
        self.columns.iter().find_map(|(_, column)| column.rows()).unwrap_or(0)
    }

    pub(in crate::store) fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }
}
