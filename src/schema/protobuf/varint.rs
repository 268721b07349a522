//! Variable-length numbers of the wire format.

/// Reads a number of at most ten bytes. Bits beyond the 64th are dropped, as every decoder does.
pub(super) fn read(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, tail) = rest.split_first()?;
        *rest = tail;
        value |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
