//! CRC-32 as in Ethernet, zip and PNG (reflected polynomial 0xEDB88320): tells damage, not intent.

/// One entry per value of a byte.
const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < table.len() {
        let mut value = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { (value >> 1) ^ 0xEDB8_8320 } else { value >> 1 };
            bit += 1;
        }
        table[byte] = value;
        byte += 1;
    }
    table
}

/// The checksum of parts, as if they were one piece.
pub(super) fn crc32(parts: &[&[u8]]) -> u32 {
    let mut state = u32::MAX;
    for byte in parts.iter().copied().flatten() {
        state = (state >> 8) ^ TABLE[usize::from(state as u8 ^ byte)];
    }
    !state
}

#[cfg(test)]
mod tests {
    use super::crc32;

    /// Check that the checksum is the standard one (the check value of the CRC catalogue), in one piece and in parts.
    #[test]
    fn is_the_standard_one() {
        assert_eq!(crc32(&[b"123456789"]), 0xCBF4_3926);
        assert_eq!(crc32(&[b"1234", b"", b"56789"]), 0xCBF4_3926);
        assert_eq!(crc32(&[]), 0);
    }
}
