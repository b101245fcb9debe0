//! Where instants become dates: the law speaks in days of Asia/Shanghai, the journal in UTC microseconds.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{self, TimeZone};

/// The time zone of the law. From the bundled zone data; UTC+8 is its only rule since 1991.
pub static SHANGHAI: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::get("Asia/Shanghai").unwrap_or_else(|_| TimeZone::fixed(tz::offset(8))));

/// The wall clock in Shanghai at an instant.
pub fn civil(at: Timestamp) -> DateTime {
    SHANGHAI.to_datetime(at)
}

/// The day in Shanghai at an instant.
pub fn date(at: Timestamp) -> Date {
    civil(at).date()
}

/// The instant at which a Shanghai wall clock shows `civil`. `None` only at the ends of the representable range.
pub fn instant(civil: DateTime) -> Option<Timestamp> {
    SHANGHAI.to_timestamp(civil).ok()
}

/// The first instant of a day in Shanghai.
pub fn start_of_day(on: Date) -> Option<Timestamp> {
    instant(on.to_datetime(Time::midnight()))
}

/// The instant at which a day in Shanghai is over (24:00).
pub fn end_of_day(on: Date) -> Option<Timestamp> {
    start_of_day(on.tomorrow().ok()?)
}
