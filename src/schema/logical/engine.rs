/// A table engine that logical types are judged for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::Display)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Engine {
    /// Flink SQL.
    Flink,
    /// Iceberg tables of format version 2.
    #[strum(serialize = "ICEBERG_V2")]
    IcebergV2,
}

impl Engine {
    /// All engines, in the order in which their messages come.
    pub const ALL: [Engine; 2] = [Engine::Flink, Engine::IcebergV2];

    /// The name in messages.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The name in sentences.
    pub fn title(self) -> &'static str {
        match self {
            Engine::Flink => "Flink",
            Engine::IcebergV2 => "Iceberg",
        }
    }
}
