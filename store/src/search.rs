//! Search: every substring of two or more characters is found through the index, exactly.
//!
//! The index holds overlapping two-character grams. SQLite (FTS5) is asked for them as one phrase, PostgreSQL for all of them; what the index
//! gives is then compared with the folded text, so that the answer is that of a substring scan. Word segmentation would hide words inside
//! words (地产 in 房地产), and FTS5's trigram index finds no two-character words (dependencies.md, trap 6).

use crate::sql::Dialect;

/// Fewer characters than this find nothing: one character would be half the table.
pub const QUERY_CHARS_MIN: usize = 2;
/// security.md §6.
pub const QUERY_CHARS_MAX: usize = 200;
/// Text of a stream beyond this is not searched.
pub(crate) const TEXT_CHARS_MAX: usize = 8_000;

/// Text as it is compared: one kind of space, no upper case, full-width Latin as half-width.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for character in text.chars().take(TEXT_CHARS_MAX) {
        let character = match character {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character),
            other if other.is_whitespace() || other.is_control() => ' ',
            other => other,
        };
        if character == ' ' {
            if !folded.ends_with(' ') {
                folded.push(' ');
            }
        } else {
            folded.extend(character.to_lowercase());
        }
    }
    folded.trim().to_owned()
}

/// The words of a query, each to be found as a substring; none when nothing in it is long enough.
pub(crate) fn words(query: &str) -> Vec<String> {
    let query: String = query.chars().take(QUERY_CHARS_MAX).collect();
    let folded = fold(&query);
    folded.split(' ').filter(|word| word.chars().count() >= QUERY_CHARS_MIN).map(str::to_owned).collect()
}

/// Grams of folded text, with spaces between. A gram is written in letters a–p only, so that both tokenizers take it as one word, whatever
/// the characters are.
pub(crate) fn grams(folded: &str) -> String {
    let characters: Vec<char> = folded.chars().collect();
    let mut grams = String::with_capacity(characters.len() * 11);
    for pair in characters.windows(2) {
        if !grams.is_empty() {
            grams.push(' ');
        }
        for character in pair {
            for shift in (0..6).rev() {
                let nibble = (u32::from(*character) >> (4 * shift)) & 15;
                // Characters beyond the basic plane are rare: the two leading nibbles are written only for them.
                if shift < 4 || u32::from(*character) > 0xffff {
                    grams.push(char::from(b'a' + nibble as u8));
                }
            }
        }
    }
    grams
}

/// A word as the index of this dialect is asked for it.
pub(crate) fn index_query(dialect: Dialect, word: &str) -> String {
    match dialect {
        Dialect::Sqlite => format!("\"{}\"", grams(word)),
        Dialect::Postgres => grams(word).replace(' ', " & "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_joins_spaces_and_lowers_and_narrows() {
        assert_eq!(fold("  Ａbc\t\n（一）  号 "), "abc (一) 号");
        assert_eq!(fold("ŁÓDŹ"), "łódź");
    }

    #[test]
    fn grams_overlap_and_are_letters_only() {
        assert_eq!(grams("施工许"), "gflnfnof fnofilli");
        assert_eq!(grams("施"), "");
        assert!(grams("a-1 𠮷'").chars().all(|c| c == ' ' || ('a'..='p').contains(&c)));
    }

    #[test]
    fn a_query_gives_its_long_enough_words() {
        assert_eq!(words("深基坑　支 整改"), ["深基坑", "整改"]);
        assert!(words("证").is_empty());
        assert!(words("").is_empty());
    }
}
