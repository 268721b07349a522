//! What a walk over binary data makes of it: nothing, where it only judges, or values.

/// A value without others in it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Leaf<'b> {
    Null,
    Boolean(bool),
    Int(i32),
    Long(i64),
    Float(f32),
    Double(f64),
    Bytes(&'b [u8]),
    String(&'b str),
    Fixed(&'b [u8]),
    /// The position of the symbol.
    Enum(u32),
}

/// The values would take more memory than they may.
#[derive(Debug)]
pub(super) struct TooLarge;

/// Takes what a walk finds, from the inside out.
pub(super) trait Build<'b> {
    type Value;
    /// Fields or items that have been found so far.
    type Items: Default;
    /// Entries of a map that have been found so far.
    type Entries: Default;

    fn leaf(&mut self, leaf: Leaf<'b>) -> Result<Self::Value, TooLarge>;
    fn union(&mut self, branch: u32, value: Self::Value) -> Result<Self::Value, TooLarge>;
    /// Adds a value as often as `times` says.
    fn item(&mut self, items: &mut Self::Items, value: Self::Value, times: u64) -> Result<(), TooLarge>;
    fn entry(&mut self, entries: &mut Self::Entries, key: &'b str, value: Self::Value) -> Result<(), TooLarge>;
    fn record(&mut self, fields: Self::Items) -> Self::Value;
    fn array(&mut self, items: Self::Items) -> Self::Value;
    fn map(&mut self, entries: Self::Entries) -> Self::Value;
}

/// Makes nothing.
pub(super) struct Nothing;

impl<'b> Build<'b> for Nothing {
    type Value = ();
    type Items = ();
    type Entries = ();

    fn leaf(&mut self, _: Leaf<'b>) -> Result<(), TooLarge> {
        Ok(())
    }
    fn union(&mut self, _: u32, (): ()) -> Result<(), TooLarge> {
        Ok(())
    }
    fn item(&mut self, (): &mut (), (): (), _: u64) -> Result<(), TooLarge> {
        Ok(())
    }
    fn entry(&mut self, (): &mut (), _: &'b str, (): ()) -> Result<(), TooLarge> {
        Ok(())
    }
    fn record(&mut self, (): ()) {}
    fn array(&mut self, (): ()) {}
    fn map(&mut self, (): ()) {}
}
