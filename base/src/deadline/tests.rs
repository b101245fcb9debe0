//! Acceptance facts of domain.md §1.7 and §2.4 as tables, the algebra as properties.

use jiff::civil::{date, datetime};
use jiff::{Span, ToSpan};
use proptest::prelude::*;
use std::sync::LazyLock;

use super::*;

static CN: LazyLock<Calendar> = LazyLock::new(|| {
    Calendar::parse(include_str!("../../../catalog/calendars/cn.csv")).expect("the built-in calendar parses")
});

fn pause(kind: PauseKind, from: Date, to: impl Into<Option<Date>>) -> Pause {
    Pause { kind, from, to: to.into() }
}

fn due_on(start: Date, limit: Limit, pauses: &[Pause]) -> Date {
    derive(start, limit, pauses, &[], &CN).unwrap().due_on.expect("no open pause")
}

#[test]
fn working_days_end_where_the_law_says() {
    // domain.md §1.7 facts 1–5
    let cases = [
        (date(2024, 9, 25), 20, date(2024, 10, 28)),
        (date(2024, 9, 25), 10, date(2024, 10, 14)),
        (date(2024, 9, 25), 5, date(2024, 10, 8)),
        (date(2025, 1, 20), 20, date(2025, 2, 21)),
        (date(2025, 1, 20), 5, date(2025, 1, 26)),
        (date(2025, 9, 28), 7, date(2025, 10, 14)),
        (date(2025, 9, 28), 20, date(2025, 10, 31)),
        (date(2005, 4, 28), 5, date(2005, 5, 10)),
        (date(2005, 4, 28), 20, date(2005, 5, 31)),
        (date(2005, 9, 29), 10, date(2005, 10, 18)),
        (date(2025, 1, 20), 0, date(2025, 1, 20)),
    ];
    for (start, days, expected) in cases {
        assert_eq!(due_on(start, Limit::WorkingDays(days), &[]), expected, "{start} + {days}");
        assert_eq!(CN.add_working_days(start, days), expected, "{start} + {days}");
    }
}

#[test]
fn expert_review_moves_the_due_day() {
    // domain.md §1.7 fact 6: excluded from the start of working day 5 to the end of working day 9.
    let review = pause(PauseKind::ExpertReview, date(2024, 10, 8), date(2024, 10, 12));
    let derivation = derive(date(2024, 9, 25), Limit::WorkingDays(20), &[review], &[], &CN).unwrap();
    assert_eq!(derivation.due_on, Some(date(2024, 11, 4)));
    assert!(!derivation.provisional);
    insta::assert_snapshot!(derivation, @r"
    期限：20 个工作日
      2024-09-25 周三 起算日，不计
      2024-09-26 周四 第 1 个工作日
      2024-09-27 周五 第 2 个工作日
      2024-09-28 周六 周末，不计
      2024-09-29 周日 第 3 个工作日（国庆节调休上班）
      2024-09-30 周一 第 4 个工作日
      2024-10-01 周二 国庆节放假，不计
      2024-10-02 周三 国庆节放假，不计
      2024-10-03 周四 国庆节放假，不计
      2024-10-04 周五 国庆节放假，不计
      2024-10-05 周六 国庆节放假，不计
      2024-10-06 周日 国庆节放假，不计
      2024-10-07 周一 国庆节放假，不计
      2024-10-08 周二 专家评审，不计入期限
      2024-10-09 周三 专家评审，不计入期限
      2024-10-10 周四 专家评审，不计入期限
      2024-10-11 周五 专家评审，不计入期限
      2024-10-12 周六 专家评审，不计入期限
      2024-10-13 周日 周末，不计
      2024-10-14 周一 第 5 个工作日
      2024-10-15 周二 第 6 个工作日
      2024-10-16 周三 第 7 个工作日
      2024-10-17 周四 第 8 个工作日
      2024-10-18 周五 第 9 个工作日
      2024-10-19 周六 周末，不计
      2024-10-20 周日 周末，不计
      2024-10-21 周一 第 10 个工作日
      2024-10-22 周二 第 11 个工作日
      2024-10-23 周三 第 12 个工作日
      2024-10-24 周四 第 13 个工作日
      2024-10-25 周五 第 14 个工作日
      2024-10-26 周六 周末，不计
      2024-10-27 周日 周末，不计
      2024-10-28 周一 第 15 个工作日
      2024-10-29 周二 第 16 个工作日
      2024-10-30 周三 第 17 个工作日
      2024-10-31 周四 第 18 个工作日
      2024-11-01 周五 第 19 个工作日
      2024-11-02 周六 周末，不计
      2024-11-03 周日 周末，不计
      2024-11-04 周一 第 20 个工作日
    到期日：2024-11-04 周一
    ");
}

#[test]
fn an_open_pause_holds_the_clock() {
    let open = pause(PauseKind::Hearing, date(2024, 10, 9), None);
    let derivation = derive(date(2024, 9, 25), Limit::WorkingDays(20), &[open], &[], &CN).unwrap();
    assert_eq!(derivation.due_on, None);
    assert_eq!(derivation.held, Some(Held { kind: PauseKind::Hearing, since: date(2024, 10, 9) }));
    assert_eq!(derivation.lines.last().unwrap().what, LineKind::Working { n: 5 });
    assert!(derivation.to_string().ends_with("自 2024-10-09 起因听证停止计算，恢复后确定到期日\n"));
    // A pause that begins after the due day changes nothing.
    let late = pause(PauseKind::Hearing, date(2024, 10, 29), None);
    assert_eq!(due_on(date(2024, 9, 25), Limit::WorkingDays(20), &[late]), date(2024, 10, 28));
}

#[test]
fn an_extension_needs_approver_and_reason() {
    let limit = Limit::WorkingDays(10);
    assert_eq!(Extension::new(limit, "", "案情复杂"), Err(DeadlineError::ExtensionWithoutApprover));
    assert_eq!(Extension::new(limit, "本机关负责人", " "), Err(DeadlineError::ExtensionWithoutReason));
    let refused = toml::from_str::<Extension>("limit = { wd = 10 }\napprover = \"\"\nreason = \"x\"").unwrap_err();
    assert!(refused.to_string().contains("an extension needs an approver"), "{refused}");

    let extension = Extension::new(limit, "本机关负责人", "案情复杂").unwrap();
    let start = date(2024, 9, 25);
    let longer = derive(start, Limit::WorkingDays(20), &[], std::slice::from_ref(&extension), &CN).unwrap();
    assert_eq!(longer.due_on, Some(CN.add_working_days(start, 30)));
    assert_eq!(longer.limit, Limit::WorkingDays(30));
    assert_eq!(derive(start, Limit::CalendarDays(20), &[], &[extension], &CN), Err(DeadlineError::ExtensionUnit));
}

#[test]
fn calendar_days_move_to_a_working_day() {
    let cases = [
        // (start, n, last day, due): a working day, a Saturday, the National Day week, a worked Saturday
        (date(2025, 9, 1), 15, date(2025, 9, 16), date(2025, 9, 16)),
        (date(2025, 9, 5), 15, date(2025, 9, 20), date(2025, 9, 22)),
        (date(2024, 9, 16), 15, date(2024, 10, 1), date(2024, 10, 8)),
        (date(2024, 9, 27), 15, date(2024, 10, 12), date(2024, 10, 12)),
    ];
    for (start, n, last_day, expected) in cases {
        let derivation = derive(start, Limit::CalendarDays(n), &[], &[], &CN).unwrap();
        assert_eq!(derivation.last_day_before_roll, Some(last_day), "{start} + {n}");
        assert_eq!(derivation.due_on, Some(expected), "{start} + {n}");
    }
    let rolled = derive(date(2025, 9, 18), Limit::CalendarDays(2), &[], &[], &CN).unwrap();
    insta::assert_snapshot!(rolled, @r"
    期限：2 日
      2025-09-18 周四 起算日，不计
      2025-09-19 周五 第 1 日
      2025-09-20 周六 第 2 日
      2025-09-21 周日 周末，不计
      2025-09-22 周一 顺延至此日
    到期日：2025-09-22 周一
    期满日 2025-09-20 为休息日，依民法典第二百零三条顺延
    ");
    // Excluded days are no end either: the last day is a Saturday, Monday and Tuesday are excluded.
    let testing = pause(PauseKind::Testing, date(2025, 9, 22), date(2025, 9, 23));
    assert_eq!(due_on(date(2025, 9, 18), Limit::CalendarDays(2), &[testing]), date(2025, 9, 24));
}

#[test]
fn months_clamp_and_do_not_move() {
    let cases = [
        (date(2025, 1, 10), 3, date(2025, 4, 10)),
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 11, 30), 3, date(2025, 2, 28)),
        (date(2025, 3, 1), 1, date(2025, 4, 1)),
        (date(2025, 2, 2), 1, date(2025, 3, 2)), // a Sunday
    ];
    for (start, months, expected) in cases {
        assert_eq!(due_on(start, Limit::Months(months), &[]), expected, "{start} + {months}");
    }
    // Two extensions from a 31st clamp once, not three times.
    let extension = Extension::new(Limit::Months(1), "x", "y").unwrap();
    let due = due(date(2025, 1, 31), Limit::Months(1), &[], &[extension.clone(), extension], &CN).unwrap();
    assert_eq!(due.due_on, Some(date(2025, 4, 30)));
    let testing = pause(PauseKind::Testing, date(2025, 2, 1), date(2025, 2, 10));
    assert_eq!(due_on(date(2025, 1, 10), Limit::Months(3), &[testing]), date(2025, 4, 20));
    assert_eq!(validity_end(date(2022, 6, 1), Period::years(3)), Ok(date(2025, 5, 31)), "a Saturday");
}

#[test]
fn before_an_event_counts_backwards() {
    let cases = [
        (date(2025, 10, 20), Limit::BeforeCalendarDays(15), date(2025, 10, 5)),
        (date(2025, 10, 20), Limit::BeforeWorkingDays(7), date(2025, 10, 10)),
        (date(2024, 10, 9), Limit::BeforeWorkingDays(3), date(2024, 9, 29)),
    ];
    for (event, limit, expected) in cases {
        assert_eq!(due_on(event, limit, &[]), expected, "{limit} {event}");
    }
    let hearing = pause(PauseKind::Hearing, date(2025, 10, 1), date(2025, 10, 2));
    let refused = derive(date(2025, 10, 20), Limit::BeforeCalendarDays(15), &[hearing], &[], &CN);
    assert_eq!(refused, Err(DeadlineError::PauseBeforeEvent));
}

#[test]
fn hours_run_from_instant_to_instant() {
    let start = Start::at_civil(datetime(2025, 9, 30, 14, 30, 0, 0)).unwrap();
    let derivation = derive(start, Limit::Hours(48), &[], &[], &CN).unwrap();
    insta::assert_snapshot!(derivation, @r"
    期限：48 小时
      2025-09-30 周二 计 9 小时 30 分
      2025-10-01 周三 计 24 小时
      2025-10-02 周四 计 14 小时 30 分
    到期时间：2025-10-02 14:30
    ");
    let inspection = pause(PauseKind::Inspection, date(2025, 10, 1), date(2025, 10, 3));
    let later = due(start, Limit::Hours(48), &[inspection], &[], &CN).unwrap();
    assert_eq!(later.due_at, time::instant(datetime(2025, 10, 5, 14, 30, 0, 0)));
    let utc: Timestamp = "2025-09-30T06:30:00Z".parse().unwrap();
    assert_eq!(due(utc, Limit::Hours(1), &[], &[], &CN).unwrap().due_at.unwrap(), utc + 1.hour());
    // An instant late in the evening in UTC is the next day in Shanghai.
    let night: Timestamp = "2025-09-15T16:30:00Z".parse().unwrap();
    assert_eq!(due(night, Limit::WorkingDays(1), &[], &[], &CN).unwrap().due_on, Some(date(2025, 9, 17)));
}

#[test]
fn a_year_without_notice_is_provisional() {
    let cases = [
        (date(2026, 12, 1), Limit::WorkingDays(10), false),
        (date(2026, 12, 25), Limit::WorkingDays(10), true),
        (date(2026, 12, 25), Limit::CalendarDays(10), true),
        (date(2003, 12, 30), Limit::CalendarDays(3), false), // the last day alone meets the calendar
        (date(2026, 12, 14), Limit::WorkingDays(4), false),
        (date(2026, 12, 14), Limit::WorkingDays(5), true), // 21 December: the next year's notice may have a say
        (date(2026, 12, 25), Limit::Months(3), false),
        (date(2026, 12, 25), Limit::BeforeCalendarDays(3), false),
        (date(2004, 1, 5), Limit::BeforeWorkingDays(5), true),
    ];
    for (start, limit, provisional) in cases {
        let derivation = derive(start, limit, &[], &[], &CN).unwrap();
        assert_eq!(derivation.provisional, provisional, "{start} {limit}");
        assert_eq!(derivation.lines.iter().any(|line| !line.official), provisional, "{start} {limit}");
    }
    let text = derive(date(2026, 12, 31), Limit::WorkingDays(1), &[], &[], &CN).unwrap().to_string();
    assert!(text.contains("2027-01-01 周五 第 1 个工作日（本年度放假安排未公布，暂按周一至周五计）"), "{text}");
    assert!(text.ends_with("暂定：所涉年度的放假安排尚未公布\n"), "{text}");
}

#[test]
fn refuses_what_cannot_be_a_limit() {
    let start = date(2025, 1, 1);
    let check = |limit, pauses: &[Pause]| due(start, limit, pauses, &[], &CN).unwrap_err();
    assert_eq!(
        check(Limit::WorkingDays(LIMIT_DAYS_MAX + 1), &[]),
        DeadlineError::LimitTooLong { count: 36_501, max: 36_500 }
    );
    assert_eq!(check(Limit::Hours(u32::MAX), &[]).to_string(), "a limit of 4294967295 is longer than 876000");
    let (from, to) = (date(2025, 1, 5), date(2025, 1, 4));
    let backwards = pause(PauseKind::Auction, from, to);
    assert_eq!(check(Limit::WorkingDays(5), &[backwards]), DeadlineError::PauseBackwards { from, to });
    for limit in [Limit::WorkingDays(9), Limit::CalendarDays(9), Limit::Months(9), Limit::Hours(900)] {
        assert_eq!(due(date(9999, 12, 30), limit, &[], &[], &CN), Err(DeadlineError::OutOfRange), "{limit}");
    }
}

#[test]
fn limits_read_as_in_a_matter() {
    #[derive(Deserialize)]
    struct Dated {
        #[serde(flatten)]
        limit: Limit,
        basis: String,
    }
    let cases = [
        ("wd = 7", Limit::WorkingDays(7)),
        ("cd = 15", Limit::CalendarDays(15)),
        ("months = 3", Limit::Months(3)),
        ("hours = 48", Limit::Hours(48)),
        ("before_cd = 15", Limit::BeforeCalendarDays(15)),
        ("before_wd = 7", Limit::BeforeWorkingDays(7)),
    ];
    for (text, limit) in cases {
        assert_eq!(toml::from_str::<Limit>(text).unwrap(), limit);
        let dated: Dated = toml::from_str(&format!("{text}\nbasis = \"建筑法 8\"")).unwrap();
        assert_eq!((dated.limit, dated.basis.as_str()), (limit, "建筑法 8"));
    }
    assert!(toml::from_str::<Limit>("days = 7").is_err() && toml::from_str::<Limit>("wd = -1").is_err());
    let line = derive(date(2024, 9, 27), Limit::WorkingDays(1), &[], &[], &CN).unwrap().lines.pop().unwrap();
    assert_eq!(
        serde_json::to_string(&line).unwrap(),
        r#"{"on":"2024-09-29","what":"adjusted_working","n":1,"name":"国庆节","official":true}"#
    );
}

#[test]
fn receipt_and_end_follow_office_hours() {
    let at = |hour, minute| time::instant(datetime(2024, 9, 30, hour, minute, 0, 0)).unwrap();
    let plain = OfficeHours::default();
    let office = OfficeHours { closes_at: Some(Time::constant(17, 30, 0, 0)) };
    assert_eq!(plain.received_on(at(23, 0), &CN), date(2024, 9, 30));
    assert_eq!(office.received_on(at(17, 30), &CN), date(2024, 9, 30));
    assert_eq!(office.received_on(at(17, 31), &CN), date(2024, 10, 8));
    let rest_day = time::instant(datetime(2024, 10, 5, 9, 0, 0, 0)).unwrap();
    assert_eq!(plain.received_on(rest_day, &CN), date(2024, 10, 8));
    assert_eq!(plain.end_of(date(2024, 9, 30)), time::instant(datetime(2024, 10, 1, 0, 0, 0, 0)));
    assert_eq!(office.end_of(date(2024, 9, 30)), Some(at(17, 30)));
}

#[test]
fn lights_follow_the_rule() {
    let due = |on| Due { due_on: Some(on), due_at: None, last_day_before_roll: None, held: None, provisional: false };
    let rule = LightRule::default();
    let cases = [
        // 20 working days, due Monday 2024-10-28: yellow from 4 left
        (date(2024, 10, 21), 20, Remaining::Left(5), Light::Green),
        (date(2024, 10, 22), 20, Remaining::Left(4), Light::Yellow),
        (date(2024, 10, 28), 20, Remaining::Left(0), Light::Yellow),
        (date(2024, 10, 29), 20, Remaining::Overdue(1), Light::Red),
        // 3 working days: yellow from 1 left
        (date(2024, 10, 24), 3, Remaining::Left(2), Light::Green),
        (date(2024, 10, 25), 3, Remaining::Left(1), Light::Yellow),
    ];
    for (today, limit_days, left, light) in cases {
        let found = remaining(today, &due(date(2024, 10, 28)), &[], &CN);
        assert_eq!((found, rule.light(found, limit_days)), (left, light), "{today}");
    }
    // Due on a Friday: the weekend after it is not red yet.
    let weekend = remaining(date(2024, 10, 26), &due(date(2024, 10, 25)), &[], &CN);
    assert_eq!((weekend, rule.light(weekend, 20)), (Remaining::Overdue(0), Light::Yellow));
    // A suspended clock never changes colour, and days still to be excluded are not left.
    let review = pause(PauseKind::ExpertReview, date(2024, 10, 22), date(2024, 10, 23));
    assert_eq!(remaining(date(2024, 10, 22), &due(date(2024, 10, 28)), &[review], &CN), Remaining::Held);
    assert_eq!(remaining(date(2024, 10, 21), &due(date(2024, 10, 28)), &[review], &CN), Remaining::Left(3));
    let held = Due { due_on: None, ..due(date(2024, 10, 28)) };
    assert_eq!(rule.light(remaining(date(2024, 10, 22), &held, &[], &CN), 20), Light::Hold);
}

#[test]
fn licences_end_renew_and_lapse() {
    // domain.md §2.4 facts 4 and 6
    let three_years: Period = "P3Y".parse().unwrap();
    assert_eq!(validity_end(date(2022, 6, 1), three_years), Ok(date(2025, 5, 31)));
    assert_eq!(renewal_from(date(2025, 5, 31), Period::months(3)), Ok(date(2025, 2, 28)));
    assert_eq!(validity_end(date(2024, 2, 29), Period::years(1)), Ok(date(2025, 2, 28)));
    assert_eq!(validity_end(date(2024, 3, 1), Period::years(1)), Ok(date(2025, 2, 28)));
    assert_eq!(validity_end(date(2025, 1, 1), Period::days(90)), Ok(date(2025, 3, 31)));
    let start = LapseRule { months: 3, extension_months: 3, extensions_max: 2 };
    assert_eq!(start.last_day(date(2025, 1, 10), 0), Ok(date(2025, 4, 10)));
    assert_eq!(start.last_day(date(2025, 1, 10), 2), Ok(date(2025, 10, 10)));
    assert!(start.last_day(date(2025, 1, 10), 3).is_err());
    for text in ["P1Y6M", "P90D", "P3Y", "P2M1D"] {
        assert_eq!(text.parse::<Period>().unwrap().to_string(), text);
    }
    for text in ["", "P", "3Y", "P3", "P0D", "P-1Y", "P3M1Y", "P9999Y", "PY", "P+1Y", "P1Y "] {
        assert!(text.parse::<Period>().is_err(), "{text}");
    }
}

fn any_date() -> impl Strategy<Value = Date> {
    (0..9_500i32).prop_map(|days| date(2002, 1, 1) + days.days())
}

fn any_limit() -> impl Strategy<Value = Limit> {
    prop_oneof![
        (0..80u32).prop_map(Limit::WorkingDays),
        (0..120u32).prop_map(Limit::CalendarDays),
        (0..14u32).prop_map(Limit::Months),
        (0..200u32).prop_map(Limit::Hours),
        (0..60u32).prop_map(Limit::BeforeCalendarDays),
        (0..60u32).prop_map(Limit::BeforeWorkingDays),
    ]
}

fn any_pauses(start: Date) -> impl Strategy<Value = Vec<Pause>> {
    let one =
        (0..60i32, proptest::option::weighted(0.9, 0..20i32), 0..8usize).prop_map(move |(after, length, kind)| {
            let from = start + after.days();
            pause(PauseKind::ALL[kind], from, length.map(|length| from + length.days()))
        });
    proptest::collection::vec(one, 0..4)
}

/// The rules of working days again, in the plainest way: a list of days, filtered.
fn plain_working_days(start: Date, n: u32, pauses: &[Pause]) -> Option<Date> {
    let mut days = start.series(Span::new().days(1)).skip(1);
    let mut counted = 0;
    let mut last = start;
    while counted < n {
        last = days.next()?;
        let covering: Vec<&Pause> = pauses.iter().filter(|pause| pause.covers(last)).collect();
        if covering.iter().any(|pause| pause.to.is_none()) {
            return None;
        }
        counted += u32::from(covering.is_empty() && CN.is_working_day(last));
    }
    Some(last)
}

proptest! {
    #[test]
    fn adding_days_is_monotone(start in any_date(), n in 0..80u32) {
        for limit in [Limit::WorkingDays, Limit::CalendarDays, Limit::Months, Limit::Hours] {
            prop_assert!(due_on(start, limit(n), &[]) <= due_on(start, limit(n + 1), &[]));
            prop_assert!(due_on(start, limit(n), &[]) <= due_on(start + 1.day(), limit(n), &[]));
        }
        for limit in [Limit::BeforeCalendarDays, Limit::BeforeWorkingDays] {
            prop_assert!(due_on(start, limit(n), &[]) > due_on(start, limit(n + 1), &[]));
        }
    }

    #[test]
    fn the_lines_are_complete((start, limit, pauses) in any_date().prop_flat_map(|start| {
        (Just(start), any_limit(), any_pauses(start))
    })) {
        let pauses = if limit.is_before() { Vec::new() } else { pauses };
        let derivation = derive(start, limit, &pauses, &[], &CN).unwrap();
        // Every day once, in order, from the start to the due day.
        let step = if limit.is_before() { -1 } else { 1 };
        for pair in derivation.lines.windows(2) {
            prop_assert_eq!(pair[0].on + step.days(), pair[1].on);
        }
        let end = derivation.lines.last().map_or(start, |line| line.on);
        if let Some(due_on) = derivation.due_on {
            prop_assert_eq!(end, due_on);
            let counted = derivation.lines.iter().filter(|line| line.what.is_counted()).count();
            match limit {
                Limit::Months(_) => {}
                Limit::Hours(n) => {
                    let minutes: u32 = derivation.lines.iter().map(|line| match line.what {
                        LineKind::Minutes { minutes } => minutes,
                        _ => 0,
                    }).sum();
                    prop_assert_eq!(minutes, n * 60);
                }
                _ => prop_assert_eq!(counted, limit.count() as usize),
            }
        } else {
            prop_assert!(derivation.held.is_some());
        }
        // The fast path is the same answer.
        let fast = due(start, limit, &pauses, &[], &CN).unwrap();
        let Derivation { due_on, due_at, last_day_before_roll, held, provisional, .. } = derivation;
        prop_assert_eq!(fast, Due { due_on, due_at, last_day_before_roll, held, provisional });
        if let Limit::WorkingDays(n) = limit {
            prop_assert_eq!(due_on, plain_working_days(start, n, &pauses));
        }
    }

    #[test]
    fn a_pause_of_k_working_days_adds_k(start in any_date(), n in 2..60u32, at in 1..30u32, k in 1..20u32) {
        // Excluded: the working days `at` to `at + k - 1` of a limit that reaches them.
        let at = 1 + at % n;
        let from = CN.add_working_days(start, at);
        let to = CN.add_working_days(start, at + k - 1);
        let paused = due_on(start, Limit::WorkingDays(n), &[pause(PauseKind::Testing, from, to)]);
        prop_assert_eq!(paused, CN.add_working_days(start, n + k));
    }

    #[test]
    fn provisional_exactly_when_a_counted_year_has_no_notice(start in any_date(), n in 1..80u32) {
        let derivation = derive(start, Limit::WorkingDays(n), &[], &[], &CN).unwrap();
        let last = derivation.due_on.unwrap();
        let counted = std::iter::successors(Some(start + 1.day()), |on| Some(*on + 1.day()));
        // The last days of a year are ruled by the next year's notice too.
        let is_settled = |on: Date| {
            CN.is_official(on.year()) && ((on.month(), on.day()) < (12, 21) || CN.is_official(on.year() + 1))
        };
        prop_assert_eq!(derivation.provisional, counted.take_while(|on| *on <= last).any(|on| !is_settled(on)));
    }
}

#[test]
fn a_derivation_is_cheap() {
    // 20 µs for 60 days is the budget; a debug build on a busy machine gets ten times that, so that the test only meets real changes.
    let review = pause(PauseKind::ExpertReview, date(2024, 10, 8), date(2024, 10, 12));
    let rounds = 2_000;
    let began = std::time::Instant::now();
    for round in 0..rounds {
        let start = date(2024, 9, 1) + (round % 30).days();
        let derivation = derive(start, Limit::WorkingDays(40), &[review], &[], &CN).unwrap();
        assert!(derivation.lines.len() > 40);
    }
    let derive_us = began.elapsed().as_micros() / u128::try_from(rounds).unwrap();
    let began = std::time::Instant::now();
    for round in 0..rounds {
        let start = date(2024, 9, 1) + (round % 30).days();
        assert!(due(start, Limit::WorkingDays(40), &[review], &[], &CN).unwrap().due_on.is_some());
    }
    let due_us = began.elapsed().as_micros() / u128::try_from(rounds).unwrap();
    println!("about 65 days: derive {derive_us} µs, due {due_us} µs");
    assert!(derive_us < 200 && due_us < 200, "derive {derive_us} µs, due {due_us} µs");
}
