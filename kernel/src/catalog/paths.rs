//! The names that a FEEL text reads, as far as a plain look tells: `form.area_m2 > 300` reads (form, area_m2).
//!
//! FEEL yields null for a name that does not exist (DMN 1.5 §10.3.2.13): a misspelt field would make a rule silently undecided, so the
//! catalog is checked for it.

/// Root names and, where one follows, the first field below them. Strings are skipped; a name before `(` is a function.
pub(crate) fn read(text: &str) -> Vec<(String, Option<String>)> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut after_dot = false;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            rest = after_string(&rest[1..]);
            after_dot = false;
        } else if let Some(after) = after_function(rest) {
            rest = after;
            after_dot = false;
        } else if is_start(first) {
            let (name, after) = split_word(rest);
            let field =
                after.strip_prefix('.').filter(|path| path.starts_with(is_start)).map(|path| split_word(path).0);
            let is_call = after.trim_start().starts_with('(');
            if !after_dot && !is_call {
                found.push((name.to_owned(), field.map(str::to_owned)));
            }
            rest = after;
            after_dot = false;
        } else {
            after_dot = first == '.';
            rest = &rest[first.len_utf8()..];
        }
    }
    found
}

fn split_word(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !is_start(c) && !c.is_numeric()).unwrap_or(text.len()))
}

/// What follows the name of a built-in function with its blanks, such as `string join` or `date and time`, where a call begins.
fn after_function(text: &str) -> Option<&str> {
    let (name, call) = text.split_at(text.find('(')?);
    flow::feel::is_built_in(name.trim_end()).then_some(call)
}

fn is_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn after_string(text: &str) -> &str {
    let mut escaped = false;
    for (index, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return &text[index + 1..],
            _ => {}
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_roots_with_their_first_field() {
        let read = |text| {
            let pairs: Vec<String> =
                read(text).into_iter().map(|(root, field)| format!("{root}.{}", field.unwrap_or_default())).collect();
            pairs.join(" ")
        };
        assert_eq!(read("form.area_m2 <= 300"), "form.area_m2");
        assert_eq!(read("string(form.a) + \"form.b\" + on"), "form.a on.");
        assert_eq!(
            read("if starts with(form.a, x) then string join(y, \"z\") else date and time (form.b)"),
            "if. form.a x. then. y. else. form.b"
        );
        assert_eq!(read("materials.x and land.holder.y"), "materials.x and. land.holder");
    }
}
