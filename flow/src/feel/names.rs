//! Finds the names in a FEEL text before it is parsed.
//!
//! FEEL names may hold spaces and operators, so a parser that does not know the names of a scope swallows operators: `面积 + 1` becomes
//! one unknown name (dependencies.md §9, trap b). Telling the parser the names that a plain reading of the text shows prevents it.

use std::collections::BTreeSet;

/// Words that end a name.
const KEYWORDS: [&str; 20] = [
    "and",
    "between",
    "else",
    "every",
    "external",
    "false",
    "for",
    "function",
    "if",
    "in",
    "instance",
    "not",
    "null",
    "of",
    "or",
    "return",
    "satisfies",
    "some",
    "then",
    "true",
];

/// Names as a plain reading shows them: `roots` are looked up in the context, `all` has the fields of paths too.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) roots: BTreeSet<String>,
    pub(crate) all: BTreeSet<String>,
}

/// Reads the names of `text`; `known` are names that the caller declares, those with spaces or operators among them.
pub(crate) fn scan(text: &str, known: &[&str]) -> Names {
    let mut names = Names::default();
    let mut longest: Vec<&str> = known.iter().copied().filter(|name| !name.is_empty()).collect();
    longest.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let mut rest = text;
    let mut after_dot = false;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            rest = skip_string(&rest[1..]);
            after_dot = false;
        } else if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if rest.starts_with("/*") {
            rest = rest.find("*/").map_or("", |end| &rest[end + 2..]);
        } else if first.is_ascii_digit() {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
            after_dot = false;
        } else if is_start(first) {
            let declared = longest.iter().find(|name| starts_with_name(rest, name));
            let (run, after) = match declared {
                Some(name) => rest.split_at(name.len()),
                None => split_run(rest),
            };
            let is_call = after.trim_start().starts_with('(');
            if !run.is_empty() && (!is_call || declared.is_some()) {
                names.all.insert(run.to_owned());
                if !after_dot {
                    names.roots.insert(run.to_owned());
                }
            }
            rest = if run.is_empty() { skip_word(after) } else { after };
            after_dot = false;
        } else {
            if !first.is_whitespace() {
                // Two dots are a range, not a path.
                after_dot = first == '.' && !rest.starts_with("..");
            }
            rest = if rest.starts_with("..") { &rest[2..] } else { &rest[first.len_utf8()..] };
        }
    }
    names
}

/// Takes the words up to the next keyword or symbol; empty when a keyword stands first.
fn split_run(text: &str) -> (&str, &str) {
    // The one built-in name with a keyword inside.
    for function in ["date and time", "years and months duration"] {
        if starts_with_name(text, function) {
            return text.split_at(function.len());
        }
    }
    let mut end = 0;
    let mut position = 0;
    loop {
        let word_end = position + word_length(&text[position..]);
        if word_end == position || KEYWORDS.contains(&&text[position..word_end]) {
            break;
        }
        end = word_end;
        let blank = text[word_end..].len() - text[word_end..].trim_start().len();
        if blank == 0 || !text[word_end + blank..].starts_with(is_part) {
            break;
        }
        position = word_end + blank;
    }
    text.split_at(end)
}

fn skip_word(text: &str) -> &str {
    &text[word_length(text)..]
}

fn word_length(text: &str) -> usize {
    text.find(|c: char| !is_part(c)).unwrap_or(text.len())
}

fn starts_with_name(text: &str, name: &str) -> bool {
    text.starts_with(name)
        && !text[name.len()..].starts_with(is_part)
        && !(name.chars().all(is_part) && KEYWORDS.contains(&name))
}

fn skip_string(text: &str) -> &str {
    let mut escaped = false;
    for (index, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return &text[index + 1..],
            _ => {}
        }
    }
    ""
}

fn is_start(character: char) -> bool {
    character.is_alphabetic() || character == '_' || character == '?'
}

fn is_part(character: char) -> bool {
    is_start(character) || character.is_numeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roots(text: &str, known: &[&str]) -> Vec<String> {
        scan(text, known).roots.into_iter().collect()
    }

    #[test]
    fn finds_roots_and_leaves_functions_keywords_and_strings_alone() {
        let cases: [(&str, &[&str], &[&str]); 10] = [
            ("price > 0", &[], &["price"]),
            ("面积 + 1 > 面积合计", &[], &["面积", "面积合计"]),
            ("form.a.b + c", &[], &["c", "form"]),
            ("string length(x) > 2 and not(y)", &[], &["x", "y"]),
            ("date and time(z) < w", &[], &["w", "z"]),
            ("\"a.b\" = c // d", &[], &["c"]),
            ("if a then b else 1.5", &[], &["a", "b"]),
            ("gross floor area >= 300", &[], &["gross floor area"]),
            ("a-b + 1", &["a-b"], &["a-b"]),
            ("for i in 1..n return i", &[], &["i", "n"]),
        ];
        for (text, known, expected) in cases {
            assert_eq!(roots(text, known), expected, "{text}");
        }
        assert!(scan("form.a", &[]).all.contains("a"));
    }
}
