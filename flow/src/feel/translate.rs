//! Conditions of other modellers' dialects, brought to FEEL where the meaning is plain.

/// Turns `= expression` (Zeebe) and `${expression}` (Camunda 7, Flowable) into FEEL; plain FEEL stays as it is.
/// `None` when the text uses what FEEL has no word for: method calls, `?:`, assignments.
pub fn translate(text: &str) -> Option<String> {
    let text = text.trim();
    if let Some(feel) = text.strip_prefix('=') {
        return Some(feel.trim().to_owned());
    }
    let braced = text.strip_prefix("${").or_else(|| text.strip_prefix("#{"));
    match braced {
        Some(rest) => from_unified(rest.strip_suffix('}')?.trim()),
        None => Some(text.to_owned()),
    }
}

/// Whether the text is an expression of any dialect rather than literal text, where both may stand (timers).
pub(crate) fn is_expression(text: &str) -> bool {
    let text = text.trim();
    text.starts_with('=') || text.starts_with("${") || text.starts_with("#{")
}

/// Java Unified Expression Language: the part that means the same in FEEL.
fn from_unified(text: &str) -> Option<String> {
    let mut feel = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (piece, taken) = match first {
            '\'' | '"' => {
                let end = rest[1..].find(first)? + 2;
                let inner = &rest[1..end - 1];
                if inner.contains(['\\', '"']) {
                    return None;
                }
                feel.push('"');
                feel.push_str(inner);
                feel.push('"');
                ("", end)
            }
            _ if rest.starts_with("==") => (" = ", 2),
            _ if rest.starts_with("!=") => (" != ", 2),
            _ if rest.starts_with(">=") => (" >= ", 2),
            _ if rest.starts_with("<=") => (" <= ", 2),
            _ if rest.starts_with("&&") => (" and ", 2),
            _ if rest.starts_with("||") => (" or ", 2),
            '!' => {
                let operand = rest[1..].trim_start();
                let end =
                    operand.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).unwrap_or(operand.len());
                if end == 0 {
                    if !operand.starts_with('(') {
                        return None;
                    }
                    ("not", rest.len() - operand.len())
                } else {
                    feel.push_str("not(");
                    feel.push_str(&operand[..end]);
                    (")", rest.len() - operand.len() + end)
                }
            }
            // Method calls and functions have no common meaning, nor has the conditional operator or an assignment.
            '(' if feel.ends_with(|c: char| c.is_alphanumeric() || c == '_') && !ends_with_word(&feel) => return None,
            '?' | '=' | '&' | '|' | '%' | '{' | '[' | ';' => return None,
            _ => {
                feel.push(first);
                ("", first.len_utf8())
            }
        };
        feel.push_str(piece);
        rest = &rest[taken..];
    }
    let feel = feel.split_whitespace().collect::<Vec<_>>().join(" ");
    if feel.split(' ').any(|word| matches!(word, "eq" | "ne" | "gt" | "lt" | "ge" | "le" | "empty" | "div" | "mod")) {
        return None;
    }
    Some(feel)
}

fn ends_with_word(text: &str) -> bool {
    ["and", "or", "not"].iter().any(|word| {
        text.strip_suffix(word).is_some_and(|before| !before.ends_with(|c: char| c.is_alphanumeric() || c == '_'))
    })
}

#[cfg(test)]
mod tests {
    use super::translate;

    #[test]
    fn translates_what_means_the_same() {
        let cases = [
            ("price > 0", Some("price > 0")),
            ("= price > 0", Some("price > 0")),
            ("${myVar == 'test'}", Some("myVar = \"test\"")),
            ("${a && !b || (c >= 1)}", Some("a and not(b) or (c >= 1)")),
            ("#{!(a)}", Some("not(a)")),
            ("${execution.getVariable('x')}", None),
            ("${a ? b : c}", None),
            ("${a eq 1}", None),
            ("${unclosed", None),
        ];
        for (given, expected) in cases {
            assert_eq!(translate(given).as_deref(), expected, "{given}");
        }
    }
}
