//! Words people read: message catalogues in Fluent (zh-CN is the source, en second), dates, times and numbers.

use std::borrow::Cow;
use std::collections::HashMap;

use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader, langid};
use jiff::civil::{Date, DateTime, Weekday};

fluent_templates::static_loader! {
    static CATALOGUES = {
        locales: "./messages",
        fallback_language: "zh-CN",
        // Isolation marks are invisible characters around every argument: they break copying a case number, and nothing here is
        // written from right to left.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

const ZH_CN: LanguageIdentifier = langid!("zh-CN");
const EN: LanguageIdentifier = langid!("en");

/// Language of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lang {
    /// Chinese, the source of every message.
    #[default]
    ZhCn,
    /// English, for the pages that have it; a missing message falls back to Chinese.
    En,
}

impl Lang {
    /// The `lang` attribute.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::ZhCn => "zh-CN",
            Lang::En => "en",
        }
    }

    /// From a cookie or a query; anything unknown is Chinese.
    pub fn parse(text: &str) -> Lang {
        if text == "en" { Lang::En } else { Lang::ZhCn }
    }
}

/// An argument of a message. Numbers stay numbers, so that English can choose a plural.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    /// Any text.
    Text(String),
    /// A count.
    Number(i64),
}

macro_rules! arg_from_number {
    ($($number:ty),*) => {$(
        impl From<$number> for Arg {
            fn from(n: $number) -> Arg {
                Arg::Number(i64::try_from(n).unwrap_or(i64::MAX))
            }
        }
        impl From<&$number> for Arg {
            fn from(n: &$number) -> Arg {
                Arg::from(*n)
            }
        }
    )*};
}
arg_from_number!(u8, u16, u32, u64, usize, i32, i64);

impl From<&str> for Arg {
    fn from(text: &str) -> Arg {
        Arg::Text(text.to_owned())
    }
}
impl From<&&str> for Arg {
    fn from(text: &&str) -> Arg {
        Arg::Text((*text).to_owned())
    }
}
impl From<String> for Arg {
    fn from(text: String) -> Arg {
        Arg::Text(text)
    }
}
impl From<&String> for Arg {
    fn from(text: &String) -> Arg {
        Arg::Text(text.clone())
    }
}

/// The words of one language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Which language.
    pub lang: Lang,
}

impl Words {
    /// Words in that language.
    pub fn new(lang: Lang) -> Words {
        Words { lang }
    }

    /// The message under a key. A key without a message prints itself: ugly, harmless, and found by the tests.
    pub fn t(&self, key: &str) -> String {
        self.t_args(key, &[])
    }

    /// A message with one argument.
    pub fn t1(&self, key: &str, name: &'static str, value: impl Into<Arg>) -> String {
        self.t_args(key, &[(name, value.into())])
    }

    /// A message with two arguments.
    pub fn t2(
        &self,
        key: &str,
        name: &'static str,
        value: impl Into<Arg>,
        name_2: &'static str,
        value_2: impl Into<Arg>,
    ) -> String {
        self.t_args(key, &[(name, value.into()), (name_2, value_2.into())])
    }

    /// A message with any arguments.
    pub fn t_args(&self, key: &str, args: &[(&'static str, Arg)]) -> String {
        let values: HashMap<Cow<'static, str>, FluentValue<'_>> = args
            .iter()
            .map(|(name, arg)| {
                let value = match arg {
                    Arg::Text(text) => FluentValue::from(text.as_str()),
                    Arg::Number(n) => FluentValue::from(*n),
                };
                (Cow::Borrowed(*name), value)
            })
            .collect();
        let lang = match self.lang {
            Lang::ZhCn => &ZH_CN,
            Lang::En => &EN,
        };
        CATALOGUES.try_lookup_with_args(lang, key, &values).unwrap_or_else(|| key.to_owned())
    }

    /// Does the source language's catalogue know the key?
    pub fn has(&self, key: &str) -> bool {
        CATALOGUES.try_lookup(&ZH_CN, key).is_some()
    }

    /// `2026-11-23`.
    pub fn date(&self, date: Date) -> String {
        date.strftime("%Y-%m-%d").to_string()
    }

    /// `11-23`: lists, where the year is plain.
    pub fn short_date(&self, date: Date) -> String {
        date.strftime("%m-%d").to_string()
    }

    /// `2026年11月23日 星期一`.
    pub fn long_date(&self, date: Date) -> String {
        let weekday = self.weekday(date.weekday());
        self.t_args(
            "date-long",
            &[
                ("year", Arg::Text(date.year().to_string())),
                ("month", date.month().unsigned_abs().into()),
                ("day", date.day().unsigned_abs().into()),
                ("weekday", weekday.into()),
            ],
        )
    }

    /// `星期一`.
    pub fn weekday(&self, weekday: Weekday) -> String {
        self.t(match weekday {
            Weekday::Monday => "weekday-monday",
            Weekday::Tuesday => "weekday-tuesday",
            Weekday::Wednesday => "weekday-wednesday",
            Weekday::Thursday => "weekday-thursday",
            Weekday::Friday => "weekday-friday",
            Weekday::Saturday => "weekday-saturday",
            Weekday::Sunday => "weekday-sunday",
        })
    }

    /// `2026-11-23 17:30`.
    pub fn date_time(&self, at: DateTime) -> String {
        at.strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// `11-23 17:30`.
    pub fn short_date_time(&self, at: DateTime) -> String {
        at.strftime("%m-%d %H:%M").to_string()
    }

    /// `17:30`, 24 hours.
    pub fn time(&self, at: DateTime) -> String {
        at.strftime("%H:%M").to_string()
    }

    /// `5,316.00 万元`: money as construction contracts state it.
    pub fn money_wan(&self, fen: i64) -> String {
        let sign = if fen < 0 { "-" } else { "" };
        let fen = fen.unsigned_abs();
        let mut decimals = format!("{:06}", fen % 1_000_000);
        // Two decimals are the custom; more only where rounding would hide money.
        while decimals.len() > 2 && decimals.ends_with('0') {
            decimals.pop();
        }
        self.t1("money-wan", "amount", format!("{sign}{}.{decimals}", grouped(fen / 1_000_000)))
    }

    /// `1,280.50 元`.
    pub fn money_yuan(&self, fen: i64) -> String {
        let sign = if fen < 0 { "-" } else { "" };
        let fen = fen.unsigned_abs();
        self.t1("money-yuan", "amount", format!("{sign}{}.{:02}", grouped(fen / 100), fen % 100))
    }

    /// `2.1 MB`: a file's size, decimal units as file managers show them.
    pub fn file_size(&self, bytes: u64) -> String {
        match bytes {
            0..1_000 => format!("{bytes} B"),
            1_000..1_000_000 => format!("{} KB", bytes.div_ceil(1_000)),
            _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
        }
    }
}

/// `18420` → `18,420`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod catalogue_tests;

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const ZH: Words = Words { lang: Lang::ZhCn };

    #[test]
    fn formats_as_the_interface_guide_says() {
        let day = date(2026, 11, 23);
        assert_eq!(ZH.date(day), "2026-11-23");
        assert_eq!(ZH.short_date(day), "11-23");
        assert_eq!(ZH.long_date(day), "2026年11月23日 星期一");
        assert_eq!(ZH.date_time(day.at(17, 30, 0, 0)), "2026-11-23 17:30");
        assert_eq!(Words::new(Lang::En).long_date(day), "Monday, 2026-11-23");
        for (fen, words) in [
            (5_316_000_000, "5,316.00 万元"),
            (1_234_567_890, "1,234.56789 万元"),
            (0, "0.00 万元"),
            (-1_500_000, "-1.50 万元"),
        ] {
            assert_eq!(ZH.money_wan(fen), words);
        }
        assert_eq!(ZH.money_yuan(128_050), "1,280.50 元");
        assert_eq!(ZH.file_size(2_100_000), "2.1 MB");
        assert_eq!(grouped(1_000_000), "1,000,000");
    }

    #[test]
    fn a_missing_key_prints_itself_and_english_falls_back_to_chinese() {
        assert_eq!(ZH.t("no-such-key"), "no-such-key");
        assert_eq!(Words::new(Lang::En).t("gallery-title"), ZH.t("gallery-title"));
        assert_ne!(ZH.t("gallery-title"), "gallery-title");
    }

    #[test]
    fn arguments_carry_no_invisible_marks() {
        assert_eq!(ZH.t1("error-count", "count", 1), "还有 1 处需要修改");
        assert_eq!(Words::new(Lang::En).t1("error-count", "count", 2), "2 answers need a change");
    }
}
