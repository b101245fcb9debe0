//! Money (金额) in whole fen; never a float.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An amount in fen (分), a hundredth of a yuan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fen(pub i64);

/// Why a text is not an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not digits with at most two decimals.
    #[error("`{0}` is not an amount in yuan with at most two decimals")]
    Format(String),
    /// More than can be represented.
    #[error("the amount `{0}` is too large")]
    TooLarge(String),
}

const FEN_PER_YUAN: u64 = 100;
const FEN_PER_WAN: u64 = 1_000_000;

impl Fen {
    /// Reads yuan exactly: `53160000.00`, `-0.5`, or with whole thousands separators `53,160,000.00`.
    pub fn parse_yuan(text: &str) -> Result<Self, MoneyError> {
        let shown = || text.chars().take(40).collect();
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, decimals) = unsigned.split_once('.').unwrap_or((unsigned, "00"));
        let plain = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let groups: Vec<&str> = whole.split(',').collect();
        let grouped = groups.len() == 1 || (groups[0].len() <= 3 && groups[1..].iter().all(|group| group.len() == 3));
        if !grouped || !groups.iter().all(|group| plain(group)) || !plain(decimals) || decimals.len() > 2 {
            return Err(MoneyError::Format(shown()));
        }
        // Two decimals always, so that all digits together are the fen.
        let digits = format!("{}{decimals:0<2}", groups.concat());
        let fen: i64 = digits.parse().map_err(|_| MoneyError::TooLarge(shown()))?;
        Ok(Self(if negative { -fen } else { fen }))
    }

    /// The sum, or `None` when it cannot be represented.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, or `None` when it cannot be represented.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// A multiple, or `None` when it cannot be represented.
    pub fn checked_mul(self, times: i64) -> Option<Self> {
        self.0.checked_mul(times).map(Self)
    }

    /// The sum of many, or `None` when it cannot be represented.
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self(0), Self::checked_add)
    }

    /// Plain yuan with two decimals, as a program reads it: `53160000.00`.
    pub fn yuan(self) -> String {
        let (sign, fen) = self.parts();
        format!("{sign}{}.{:02}", fen / FEN_PER_YUAN, fen % FEN_PER_YUAN)
    }

    /// Yuan with separators: `53,160,000.00 元`.
    pub fn format_yuan(self) -> String {
        let (sign, fen) = self.parts();
        format!("{sign}{}.{:02} 元", grouped(fen / FEN_PER_YUAN), fen % FEN_PER_YUAN)
    }

    /// Ten thousands of yuan: `5,316.00 万元`. Two decimals, more only where rounding would hide something.
    pub fn format_wan_yuan(self) -> String {
        let (sign, fen) = self.parts();
        let decimals = format!("{:06}", fen % FEN_PER_WAN);
        let needed = decimals.trim_end_matches('0').len().max(2);
        format!("{sign}{}.{} 万元", grouped(fen / FEN_PER_WAN), &decimals[..needed])
    }

    /// Capital characters for paper (大写金额): `人民币伍仟叁佰壹拾陆万元整`, by the rules for filling in bills (正确填写票据和结算凭证的基本规定).
    pub fn capital(self) -> String {
        let (sign, fen) = self.parts();
        let (yuan, jiao, fen) = (fen / FEN_PER_YUAN, fen / 10 % 10, fen % 10);
        let mut text = String::from("人民币");
        if !sign.is_empty() {
            text.push('负');
        }
        if yuan > 0 || (jiao == 0 && fen == 0) {
            text.push_str(&capital_integer(yuan));
            text.push('元');
        }
        match (jiao, fen) {
            (0, 0) => text.push('整'),
            (jiao, 0) => text.extend([capital_digit(jiao), '角', '整']),
            (0, fen) => {
                if yuan > 0 {
                    text.push('零');
                }
                text.extend([capital_digit(fen), '分']);
            }
            (jiao, fen) => text.extend([capital_digit(jiao), '角', capital_digit(fen), '分']),
        }
        text
    }

    fn parts(self) -> (&'static str, u64) {
        (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs())
    }
}

impl FromStr for Fen {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        Self::parse_yuan(text)
    }
}

/// Yuan with separators.
impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.format_yuan())
    }
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn capital_digit(digit: u64) -> char {
    ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'][usize::try_from(digit % 10).unwrap_or(0)]
}

fn capital_integer(number: u64) -> String {
    if number == 0 {
        return "零".to_owned();
    }
    for (unit, word) in [(100_000_000, "亿"), (10_000, "万"), (1_000, "仟"), (100, "佰"), (10, "拾")] {
        if number >= unit {
            let rest = number % unit;
            let mut text = capital_integer(number / unit) + word;
            if rest > 0 {
                // One 零 stands for any run of zeros between two figures. Where only the place of 万 or 元 itself is zero the rules leave it
                // free, and it is left out.
                if rest < unit / 10 {
                    text.push('零');
                }
                text.push_str(&capital_integer(rest));
            }
            return text;
        }
    }
    capital_digit(number).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn yuan_are_read_exactly() {
        let cases = [
            ("53160000.00", 5_316_000_000),
            ("53,160,000.00", 5_316_000_000),
            ("0", 0),
            ("0.5", 50),
            ("-0.05", -5),
            ("12", 1_200),
            ("92233720368547758.07", i64::MAX),
        ];
        for (text, fen) in cases {
            assert_eq!(Fen::parse_yuan(text), Ok(Fen(fen)), "{text}");
        }
        for text in
            ["", "-", "1.", ".5", "1.234", "1e5", "5,31", "1,2345", ",123", "1 000", "１", "--1", "+1", "1,000,00"]
        {
            assert!(matches!(Fen::parse_yuan(text), Err(MoneyError::Format(_))), "{text}");
        }
        assert!(matches!(Fen::parse_yuan("92233720368547758.08"), Err(MoneyError::TooLarge(_))));
    }

    #[test]
    fn amounts_are_shown_as_people_write_them() {
        let cases = [
            (5_316_000_000, "53,160,000.00 元", "5,316.00 万元", "人民币伍仟叁佰壹拾陆万元整"),
            (0, "0.00 元", "0.00 万元", "人民币零元整"),
            (5, "0.05 元", "0.000005 万元", "人民币伍分"),
            (-12_350, "-123.50 元", "-0.01235 万元", "人民币负壹佰贰拾叁元伍角整"),
            (140_950_000, "1,409,500.00 元", "140.95 万元", "人民币壹佰肆拾万玖仟伍佰元整"),
            (1_000_050_003, "10,000,500.03 元", "1,000.050003 万元", "人民币壹仟万零伍佰元零叁分"),
            (10_000_000_000_001, "100,000,000,000.01 元", "10,000,000.000001 万元", "人民币壹仟亿元零壹分"),
            (1_600_832, "16,008.32 元", "1.600832 万元", "人民币壹万陆仟零捌元叁角贰分"),
            (
                1_234_567_890_123_400,
                "12,345,678,901,234.00 元",
                "1,234,567,890.1234 万元",
                "人民币壹拾贰万叁仟肆佰伍拾陆亿柒仟捌佰玖拾万壹仟贰佰叁拾肆元整",
            ),
        ];
        for (fen, yuan, wan, capital) in cases {
            assert_eq!(Fen(fen).format_yuan(), yuan);
            assert_eq!(Fen(fen).format_wan_yuan(), wan);
            assert_eq!(Fen(fen).capital(), capital);
        }
    }

    #[test]
    fn sums_do_not_wrap() {
        assert_eq!(Fen::checked_sum([Fen(1), Fen(2), Fen(-4)]), Some(Fen(-1)));
        assert_eq!(Fen(i64::MAX).checked_add(Fen(1)), None);
        assert_eq!(Fen(i64::MIN).checked_sub(Fen(1)), None);
        assert_eq!(Fen(i64::MAX).checked_mul(2), None);
        assert_eq!(serde_json::to_string(&Fen(-5)).unwrap(), "-5");
    }

    proptest! {
        #[test]
        fn every_amount_survives_its_text(fen in -i64::MAX..=i64::MAX) {
            let amount = Fen(fen);
            prop_assert_eq!(Fen::parse_yuan(&amount.yuan()), Ok(amount));
            prop_assert_eq!(Fen::parse_yuan(amount.format_yuan().trim_end_matches(" 元")), Ok(amount));
            let capital = amount.capital();
            prop_assert!(!capital.contains("零零") && !capital.contains("零元零"), "{}", capital);
        }
    }
}
