//! Rust source cut into code, text in quotes, comments and tests: just enough of the language for rules about words.

/// The same source twice, line by line, with the other parts blanked out.
pub(super) struct RustText {
    lines: Vec<Line>,
}

/// One line of source.
#[derive(Default)]
pub(super) struct Line {
    /// From 1.
    pub(super) number: usize,
    /// What the compiler sees, without what stands in quotes.
    pub(super) code: String,
    /// What stands in quotes.
    pub(super) literal: String,
    /// Inside an item under `#[cfg(test)]`.
    pub(super) in_test: bool,
}

/// Where the cutter stands.
enum Place {
    Code,
    LineComment,
    /// With its depth: block comments nest.
    BlockComment(usize),
    Text,
    /// With the number of `#` that closes it.
    RawText(usize),
}

impl RustText {
    pub(super) fn cut(source: &str) -> Self {
        let characters: Vec<char> = source.chars().collect();
        let mut lines = vec![Line { number: 1, ..Line::default() }];
        let mut place = Place::Code;
        let mut index = 0;
        while let Some(&here) = characters.get(index) {
            let next = characters.get(index + 1).copied().unwrap_or('\n');
            let number = lines.len();
            let Some(line) = lines.last_mut() else { break };
            let mut step = 1;
            if here == '\n' {
                if matches!(place, Place::LineComment) {
                    place = Place::Code;
                }
                lines.push(Line { number: number + 1, ..Line::default() });
                index += 1;
                continue;
            }
            match place {
                Place::Code => match (here, next) {
                    ('/', '/') => place = Place::LineComment,
                    ('/', '*') => (place, step) = (Place::BlockComment(1), 2),
                    ('"', _) => place = Place::Text,
                    ('r', '"' | '#') if !after_word(&characters, index) => {
                        let hashes = characters[index + 1..].iter().take_while(|c| **c == '#').count();
                        if characters.get(index + 1 + hashes) == Some(&'"') {
                            (place, step) = (Place::RawText(hashes), hashes + 2);
                        } else {
                            line.code.push(here);
                        }
                    }
                    ('\'', _) => step = character_literal(&characters, index, line),
                    _ => line.code.push(here),
                },
                Place::LineComment => {}
                Place::BlockComment(depth) => match (here, next) {
                    ('*', '/') if depth == 1 => (place, step) = (Place::Code, 2),
                    ('*', '/') => (place, step) = (Place::BlockComment(depth - 1), 2),
                    ('/', '*') => (place, step) = (Place::BlockComment(depth + 1), 2),
                    _ => {}
                },
                Place::Text => match here {
                    '\\' => {
                        line.literal.push(here);
                        // A backslash at the end of a line leaves the line break to the next turn.
                        if next != '\n' {
                            line.literal.push(next);
                            step = 2;
                        }
                    }
                    '"' => {
                        line.literal.push('\n');
                        place = Place::Code;
                    }
                    _ => line.literal.push(here),
                },
                Place::RawText(hashes) => {
                    let closing = here == '"'
                        && characters[index + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
                    if closing {
                        line.literal.push('\n');
                        (place, step) = (Place::Code, hashes + 1);
                    } else {
                        line.literal.push(here);
                    }
                }
            }
            index += step;
        }
        mark_tests(&mut lines);
        Self { lines }
    }

    /// The lines that are not compiled for tests only.
    pub(super) fn shipped(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| !line.in_test)
    }
}

fn after_word(characters: &[char], index: usize) -> bool {
    let before = index.checked_sub(1).and_then(|before| characters.get(before));
    before.is_some_and(|c| (c.is_alphanumeric() || *c == '_') && *c != 'b')
}

/// A character literal goes to the literals, a lifetime to the code. Answers how many characters were taken.
fn character_literal(characters: &[char], index: usize, line: &mut Line) -> usize {
    let escaped = characters.get(index + 1) == Some(&'\\');
    let first_end = if escaped { index + 3 } else { index + 2 };
    // '\u{1F600}' is the longest: 11 characters.
    let reach = if escaped { first_end + 9 } else { first_end + 1 };
    let end = (first_end..reach).find(|end| characters.get(*end) == Some(&'\''));
    match end {
        Some(end) => {
            line.literal.extend(&characters[index + 1..end]);
            line.literal.push('\n');
            end + 1 - index
        }
        None => {
            line.code.push('\'');
            1
        }
    }
}

/// Marks the lines from `#[cfg(test)]` to the end of the item after it.
fn mark_tests(lines: &mut [Line]) {
    let mut depth: usize = 0;
    let mut waiting = false;
    for line in lines {
        if depth == 0 && line.code.replace(' ', "").contains("#[cfg(test)]") {
            waiting = true;
        }
        line.in_test = waiting || depth > 0;
        if !line.in_test {
            continue;
        }
        for character in line.code.chars() {
            match character {
                '{' => (depth, waiting) = (depth + 1, false),
                '}' => depth = depth.saturating_sub(1),
                // `#[cfg(test)] mod tests;`
                ';' if depth == 0 => waiting = false,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literals(source: &str) -> Vec<String> {
        RustText::cut(source)
            .shipped()
            .flat_map(|line| line.literal.split('\n').map(str::to_owned).collect::<Vec<_>>())
            .filter(|literal| !literal.is_empty())
            .collect()
    }

    #[test]
    fn text_in_quotes_is_found_and_comments_are_not() {
        let table: [(&str, &[&str]); 9] = [
            (r#"let a = "x"; // "y""#, &["x"]),
            (r#"/* "a" /* "b" */ "c" */ f("d")"#, &["d"]),
            (r##"r#"a "quoted" b"#, "c""##, &["a \"quoted\" b", "c"]),
            (r#""a \" b" "c""#, &["a \\\" b", "c"]),
            ("fn f<'a>(x: &'a str) { 'y' }", &["y"]),
            (r"'\'' '\u{4e2d}' '\\'", &["\\'", "\\u{4e2d}", "\\\\"]),
            ("\"one\ntwo\"", &["one", "two"]),
            ("b\"bytes\" br\"raw\" for\"x\"", &["bytes", "raw", "x"]),
            ("/// 文档 \"说明\"\nfn f() {}", &[]),
        ];
        for (source, expected) in table {
            assert_eq!(literals(source), expected, "{source}");
        }
    }

    #[test]
    fn items_for_tests_are_marked_to_their_end_and_not_further() {
        let source = "a();\n#[cfg(test)]\nmod tests {\n  fn f() { \"}\" }\n}\nb();\n#[cfg(test)]\nmod tests;\nc();";
        let text = RustText::cut(source);
        let shipped: Vec<usize> = text.shipped().map(|line| line.number).collect();
        assert_eq!(shipped, [1, 6, 9]);
    }
}
