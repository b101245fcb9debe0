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

/// Names as a plain reading shows them.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    /// Looked up in the context.
    pub(crate) roots: BTreeSet<String>,
    /// Roots and the fields of paths.
    pub(crate) all: BTreeSet<String>,
    /// Every place where a name of the context is read.
    pub(crate) uses: Vec<Use>,
    /// Names that the text itself introduces: iteration variables, keys of contexts, named arguments.
    pub(crate) bound: BTreeSet<String>,
}

/// A path as read: `form.area`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Use {
    /// Name and fields.
    pub(crate) path: Vec<String>,
    /// Inside of `[…]`, where fields of the filtered items are names too.
    pub(crate) bracketed: bool,
}

/// Reads the names of `text`; `known` are names that the caller declares, those with spaces or operators among them.
pub(crate) fn scan(text: &str, known: &[&str]) -> Names {
    let mut scanner =
        Scanner { names: Names::default(), rest: text, after_dot: false, after_name: false, header: 0, brackets: 0 };
    let mut longest: Vec<&str> = known.iter().copied().filter(|name| !name.is_empty()).collect();
    longest.sort_by_key(|name| std::cmp::Reverse(name.len()));
    while let Some(first) = scanner.rest.chars().next() {
        scanner.token(first, &longest);
    }
    scanner.names
}

struct Scanner<'t> {
    names: Names,
    rest: &'t str,
    after_dot: bool,
    /// The token before the dot was a name, so that the next name is its field.
    after_name: bool,
    /// Open headers of `for`, `some`, `every`.
    header: u32,
    brackets: u32,
}

impl Scanner<'_> {
    fn token(&mut self, first: char, longest: &[&str]) {
        let rest = self.rest;
        if first == '"' {
            self.rest = skip_string(&rest[1..]);
            self.other();
        } else if rest.starts_with("//") {
            self.rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if rest.starts_with("/*") {
            self.rest = rest.find("*/").map_or("", |end| &rest[end + 2..]);
        } else if first.is_ascii_digit() {
            self.rest = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
            self.other();
        } else if is_start(first) {
            self.name(longest);
        } else {
            let range = rest.starts_with("..");
            match first {
                _ if range => self.other(),
                '.' => self.after_dot = true,
                '[' => {
                    self.brackets += 1;
                    self.other();
                }
                ']' => {
                    self.brackets = self.brackets.saturating_sub(1);
                    self.other();
                }
                _ if first.is_whitespace() => {}
                _ => self.other(),
            }
            self.rest = &rest[if range { 2 } else { first.len_utf8() }..];
        }
    }

    fn name(&mut self, longest: &[&str]) {
        let rest = self.rest;
        let declared = longest.iter().find(|name| starts_with_name(rest, name));
        let (run, after) = match declared {
            Some(name) => rest.split_at(name.len()),
            None => split_run(rest),
        };
        if run.is_empty() {
            let word = &rest[..word_length(rest)];
            match word {
                "for" | "some" | "every" => self.header += 1,
                "return" | "satisfies" => self.header = self.header.saturating_sub(1),
                _ => {}
            }
            self.rest = &rest[word.len()..];
            return self.other();
        }
        let next = after.trim_start();
        let is_field = self.after_dot;
        let follows_name = self.after_name;
        self.rest = after;
        self.after_dot = false;
        self.after_name = true;
        if next.starts_with('(') && declared.is_none() {
            return;
        }
        self.names.all.insert(run.to_owned());
        if is_field {
            if follows_name && let Some(last) = self.names.uses.last_mut() {
                last.path.push(run.to_owned());
            }
            return;
        }
        self.names.roots.insert(run.to_owned());
        let binds =
            (self.header > 0 && starts_with_name(next, "in")) || (next.starts_with(':') && !next.starts_with("::"));
        if binds {
            self.names.bound.insert(run.to_owned());
            self.after_name = false;
            return;
        }
        self.names.uses.push(Use { path: vec![run.to_owned()], bracketed: self.brackets > 0 });
    }

    fn other(&mut self) {
        self.after_dot = false;
        self.after_name = false;
    }
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

fn word_length(text: &str) -> usize {
    text.find(|c: char| !is_part(c)).unwrap_or(text.len())
}

fn starts_with_name(text: &str, name: &str) -> bool {
    text.starts_with(name) && !text[name.len()..].starts_with(is_part)
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

    #[test]
    fn tells_uses_from_what_the_text_introduces() {
        let names = scan("some 项 in form.项目 satisfies 项.面积 > 上限 and form.a[面积 > 1] = {b: 2}.b", &[]);
        let uses: Vec<String> = names.uses.iter().map(|one| one.path.join(".")).collect();
        assert_eq!(uses, ["form.项目", "项.面积", "上限", "form.a", "面积"]);
        assert_eq!(names.bound.into_iter().collect::<Vec<_>>(), ["b", "项"]);
        assert!(names.uses[4].bracketed);
    }
}
