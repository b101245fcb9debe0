//! Display masks (脱敏) for personal values: what a page shows before someone states a purpose and unmasks one field.

/// A citizen number: first four and last four, `1301**********123X`.
pub fn id_number(value: &str) -> String {
    keep_ends(value, 4, 4)
}

/// A telephone number: `138****5678`; shorter ones keep their last four, or nothing.
pub fn phone(value: &str) -> String {
    keep_ends(value, 3, 4)
}

/// A bank or fund account: the last four.
pub fn account(value: &str) -> String {
    keep_ends(value, 0, 4)
}

/// A person's name: the first character, `张*`, whatever the length.
pub fn name(value: &str) -> String {
    value.trim().chars().next().map(|first| format!("{first}*")).unwrap_or_default()
}

/// Values too short to hide at least as much as they show are hidden whole.
fn keep_ends(value: &str, head: usize, tail: usize) -> String {
    let chars: Vec<char> = value.trim().chars().collect();
    let (head, tail) = match chars.len() {
        length if length >= head + tail + 3 => (head, tail),
        length if length >= 2 * tail => (0, tail),
        _ => (0, 0),
    };
    let hidden = chars.len() - head - tail;
    let shown_head = chars[..head].iter();
    let shown_tail = chars[chars.len() - tail..].iter();
    shown_head.chain(std::iter::repeat_n(&'*', hidden)).chain(shown_tail).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn masks_show_only_the_ends() {
        let cases = [
            (super::id_number("13010219491231123X"), "1301**********123X"),
            (super::phone("13812345678"), "138****5678"),
            (super::phone("86914567"), "****4567"),
            (super::phone("12345"), "*****"),
            (super::account("6222020200112233445"), "***************3445"),
            (super::name("张三"), "张*"),
            (super::name("欧阳修远"), "欧*"),
            (super::name(""), ""),
        ];
        for (found, expected) in cases {
            assert_eq!(found, expected);
        }
    }
}
