//! Which characters an official text may hold.

/// Characters that some font may have and that an official document still must not carry: what they look like depends on the reader's
/// machine (private use, emoji), or nothing is seen and the text reads differently from what it says (controls, direction marks, zero width).
/// A value with one could be accepted and decided on, and then not be printed: it is refused where it is typed.
pub fn may_stand_on_paper(character: char) -> bool {
    !matches!(u32::from(character),
        0x00..=0x08 | 0x0B..=0x1F | 0x7F..=0x9F | 0xAD
        | 0x061C | 0x180B..=0x180F | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F
        | 0xE000..=0xF8FF | 0xFE00..=0xFE0F | 0xFEFF | 0xFFF0..=0xFFFF
        | 0x1F000..=0x1FAFF | 0xE0000..=0x10FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_characters_may_and_tricks_may_not() {
        for c in ['a', '\n', '\t', '\u{4e00}', '\u{20bb7}', '\u{30edd}', '\u{3014}', '\u{ff08}'] {
            assert!(may_stand_on_paper(c), "{c:?}");
        }
        for c in ['\0', '\u{1b}', '\u{200b}', '\u{202e}', '\u{2066}', '\u{e000}', '\u{feff}', '\u{1f600}', '\u{fe0f}'] {
            assert!(!may_stand_on_paper(c), "{c:?}");
        }
    }
}
