//! The acceptance facts of domain.md §5 (and §2.4, §3.4, §4) as one table, and every synthetic number of `tests/data`.

use jiff::civil::{Date, date};
use proptest::prelude::*;
use std::sync::LazyLock;

use super::*;

static REGIONS: LazyLock<Regions> = LazyLock::new(|| {
    Regions::parse_all(&[
        include_str!("../../../catalog/directory/regions.csv"),
        include_str!("../../../catalog/standards/regions-cn.csv"),
    ])
    .expect("the built-in regions parse")
});

/// What a check finds, on one line.
fn found(kind: &str, value: &str, on: Option<Date>) -> String {
    let verdict = check(kind, value, on, &REGIONS).unwrap();
    assert_eq!(verdict.valid, verdict.reasons.is_empty());
    let parts: Vec<String> = verdict.parts.iter().map(|(name, value)| format!("{name}={value}")).collect();
    match verdict.normalised {
        Some(normalised) => format!("ok {normalised} {}", parts.join(" ")),
        None => format!("{} {}", verdict.reason(), parts.join(" ")).trim_end().to_owned(),
    }
}

#[test]
fn facts_of_the_standards() {
    let cases = [
        // Credit codes, §5.1 and fact 1, 6
        (
            "uscc",
            "91330100799655058B",
            "ok 91330100799655058B department=91 region=330100 region_name=杭州市 organisation_code=799655058",
        ),
        (
            "uscc",
            "91110000802100433B",
            "ok 91110000802100433B department=91 region=110000 region_name=北京市 organisation_code=802100433",
        ),
        (
            "uscc",
            "9144030071526726XG",
            "ok 9144030071526726XG department=91 region=440300 region_name=深圳市 organisation_code=71526726X",
        ),
        (
            "uscc",
            "12130100401700016A",
            "ok 12130100401700016A department=12 region=130100 region_name=石家庄市 organisation_code=401700016",
        ),
        (
            "uscc",
            "91130000100000016M",
            "ok 91130000100000016M department=91 region=130000 region_name=河北省 organisation_code=100000016",
        ),
        (
            "uscc",
            "91130100ma0a1b2c2x",
            "ok 91130100MA0A1B2C2X department=91 region=130100 region_name=石家庄市 organisation_code=MA0A1B2C2",
        ),
        (
            "uscc",
            " ９１330100 799655058B ",
            "ok 91330100799655058B department=91 region=330100 region_name=杭州市 organisation_code=799655058",
        ),
        ("uscc", "91330100799655058A", "check"),
        ("uscc", "9133010079965505OB", "alphabet"),
        ("uscc", "9133010079965505XC", "inner"),
        ("uscc", "9133010079965505", "length"),
        ("uscc", "", "length"),
        // Citizen numbers, §5.2 and fact 2
        (
            "idcard",
            "11010519491231002X",
            "ok 11010519491231002X region=110105 region_name=朝阳区 born_on=1949-12-31 sex=female",
        ),
        (
            "idcard",
            "11010519491231002x",
            "ok 11010519491231002X region=110105 region_name=朝阳区 born_on=1949-12-31 sex=female",
        ),
        (
            "idcard",
            "440524188001010014",
            "ok 440524188001010014 region=440524 region_name=潮阳县 born_on=1880-01-01 sex=male",
        ),
        (
            "idcard",
            "130102188001010011",
            "ok 130102188001010011 region=130102 region_name=长安区 born_on=1880-01-01 sex=male",
        ),
        (
            "idcard",
            "13010218800101002X",
            "ok 13010218800101002X region=130102 region_name=长安区 born_on=1880-01-01 sex=female",
        ),
        (
            "idcard",
            "130102800101001",
            "ok 130102198001010010 region=130102 region_name=长安区 born_on=1980-01-01 sex=male",
        ),
        ("idcard", "110105194912310021", "check"),
        ("idcard", "130102188002300010", "date"),
        ("idcard", "1301021880010100", "length"),
        // Project codes, fact 5
        (
            "project",
            "2103-130108-89-01-123456",
            "ok 2103-130108-89-01-123456 region=130108 region_name=裕华区 time=2021-03 department=89 type=01",
        ),
        (
            "project",
            "21031301088901123456",
            "ok 2103-130108-89-01-123456 region=130108 region_name=裕华区 time=2021-03 department=89 type=01",
        ),
        (
            "project",
            "2018-130182-47-03-001234",
            "ok 2018-130182-47-03-001234 region=130182 region_name=藁城市 time=2018 industry=47 type=03",
        ),
        (
            "project",
            "2104-130171-89-01-123456",
            "ok 2104-130171-89-01-123456 region=130171 time=2021-04 department=89 type=01",
        ),
        ("project", "2113-130108-89-01-123456", "month"),
        ("project", "2100-130108-89-01-123456", "month"),
        ("project", "2103-139999-89-01-123456", "region"),
        ("project", "2103-130108-89-0-1123456", "format"),
        ("project", "2103-130108-89-01-12345", "length"),
        ("project", "2103-130108-89-01-12345A", "alphabet"),
        // Construction-market platform, §5.5
        (
            "platform",
            "1301022509280101",
            "ok 1301022509280101 region=130102 region_name=长安区 registered_on=2025-09-28 category=01 serial=01",
        ),
        (
            "platform",
            "1301022509280101-SX-001",
            "ok 1301022509280101-SX-001 region=130102 region_name=长安区 registered_on=2025-09-28 category=01 serial=01 stage=SX-001",
        ),
        ("platform", "1301022509310101", "date"),
        ("platform", "1301022509280301", "category"),
        ("platform", "1301022509280101-S1-001", "format"),
        // Permits, §2.4 fact 1
        (
            "permit",
            "130102202509280101",
            "ok 130102202509280101 region=130102 region_name=长安区 registered_on=2025-09-28 serial=01 category=01",
        ),
        ("permit", "130102202502300101", "date"),
        ("permit", "13010220250928010", "length"),
        ("permit", "139999202509280101", "region"),
        ("permit", "130102202509280020", "serial"),
        ("permit", "130102202509280120", "category"),
        ("permit", "13010220250928010A", "alphabet"),
        // Real-estate units, fact 3
        (
            "unit",
            "130102001002GB00003F00040005",
            "ok 130102001002GB00003F00040005 region=130102 region_name=长安区 cadastral_district=001 cadastral_sub_district=002 parcel_feature=GB parcel=00003 fixture=F building=0004 unit=0005",
        ),
        (
            "unit",
            "130102 001002 gb00003 W00000000",
            "ok 130102001002GB00003W00000000 region=130102 region_name=长安区 cadastral_district=001 cadastral_sub_district=002 parcel_feature=GB parcel=00003 fixture=W",
        ),
        ("unit", "130102001002GB00003W00000001", "serial"),
        ("unit", "130102001002KB00003F00040005", "category"),
        ("unit", "1301020010021B00003F00040005", "alphabet"),
        ("unit", "999999001002GB00003F00040005", "region"),
        ("unit", "130102001002GB00003F0004000", "length"),
        // Archive items, §4 fact 1
        (
            "archive",
            "J012-WS·2025-D30-BGS-0007",
            "ok J012-WS·2025-D30-BGS-0007 fonds=J012 class=WS year=2025 retention=D30 division=BGS item=0007",
        ),
        (
            "archive",
            "z109-ws.2011-y-bgs-0001",
            "ok Z109-WS·2011-Y-BGS-0001 fonds=Z109 class=WS year=2011 retention=Y division=BGS item=0001",
        ),
        ("archive", "J012-WS·2025-D20-BGS-0007", "category"),
        ("archive", "J012-WS·2025-D30-BGS-7", "length"),
        ("archive", "J012-WS·2025-D30-BGS-0000", "serial"),
        ("archive", "J012-WS2025-D30-BGS-0007", "format"),
        // Document numbers, §3.4 fact 1
        ("document", "冀建〔2005〕8号", "ok 冀建〔2005〕8号 code=冀建 year=2005 serial=8"),
        ("document", "冀建[2005]08号", "bracket; zero-padding"),
        ("document", "冀建（2005）8号", "bracket"),
        ("document", "冀建〔205〕8号", "date"),
        ("document", "冀建〔2005〕号", "format"),
        ("document", "冀建2005-8", "format"),
        // Licences, §2.1
        (
            "safety-permit",
            "（冀）JZ安许证字〔2005〕000123",
            "ok （冀）JZ安许证字〔2005〕000123 province=冀 year=2005 serial=000123",
        ),
        (
            "safety-permit",
            "(冀) JZ安许证字[2005]00123号",
            "ok （冀）JZ安许证字〔2005〕000123 province=冀 year=2005 serial=000123",
        ),
        (
            "safety-permit",
            "【冀】jz安许证字（2005）123",
            "ok （冀）JZ安许证字〔2005〕000123 province=冀 year=2005 serial=000123",
        ),
        ("safety-permit", "（大）JZ安许证字〔2005〕000123", "region"),
        ("safety-permit", "（冀）JZ安许证字〔2005〕12", "length"),
        ("safety-permit", "冀JZ安许证字〔2005〕000123", "format"),
        (
            "safety-officer",
            "冀建安B(2019)0001234",
            "ok 冀建安B（2019）0001234 province=冀 class=B year=2019 serial=0001234",
        ),
        ("safety-officer", "冀建安D（2019）0001234", "category"),
        ("qualification", "d213012345", "ok D213012345 trade=D grade=2 province=13 serial=012345"),
        ("qualification", "K213012345", "category"),
        ("qualification", "D21301234", "length"),
        (
            "planning-permit",
            "建字第130102202600001号",
            "ok 建字第130102202600001号 permit=建 region=130102 year=2026 serial=00001",
        ),
        (
            "planning-permit",
            "建字第1301022024GG0000001号",
            "ok 建字第1301022024GG0000001号 permit=建 region=130102 year=2024 series=GG serial=0000001",
        ),
        ("planning-permit", "建字第130102202600000号", "serial"),
        ("planning-permit", "水字第130102202600001号", "format"),
    ];
    for (kind, value, expected) in cases {
        assert_eq!(found(kind, value, None), expected.trim_end(), "{kind} {value}");
    }
    assert_eq!(check("nothing", "1", None, &REGIONS).unwrap_err().to_string(), "`nothing` is not a kind of code");
}

#[test]
fn a_region_code_is_checked_at_a_date() {
    let cases = [
        // domain.md §5 fact 4
        (
            "130182",
            Some(date(2005, 6, 1)),
            "ok 130182 name=藁城市 valid_from=1995-12-01 valid_until=2014-09-30 successor=130109",
        ),
        (
            "130182",
            Some(date(2025, 1, 1)),
            "retired name=藁城市 valid_from=1995-12-01 valid_until=2014-09-30 successor=130109",
        ),
        ("130182", None, "retired name=藁城市 valid_from=1995-12-01 valid_until=2014-09-30 successor=130109"),
        ("130109", None, "ok 130109 name=藁城区 valid_from=2014-10-01"),
        ("130109", Some(date(2005, 6, 1)), "not-yet name=藁城区 valid_from=2014-10-01"),
        ("139999", None, "region"),
        ("13010", None, "length"),
        ("13010A", None, "alphabet"),
    ];
    for (value, on, expected) in cases {
        assert_eq!(found("region", value, on), expected, "{value} {on:?}");
    }
}

#[test]
fn every_synthetic_number_gets_its_verdict() {
    let files =
        [("uscc", include_str!("../../tests/data/uscc.csv")), ("idcard", include_str!("../../tests/data/idcard.csv"))];
    for (kind, text) in files {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let mut counts = [0, 0];
        for record in reader.records() {
            let record = record.unwrap();
            let (value, expected, reason) = (&record[0], &record[1] == "valid", &record[2]);
            let verdict = check(kind, value, None, &REGIONS).unwrap();
            assert_eq!(verdict.valid, expected, "{kind} {value} ({reason}): {}", verdict.reason());
            let wanted: &[&str] = match reason.split(" (").next().unwrap_or_default() {
                "" => &[""],
                "17 characters" | "19 characters" => &["length"],
                "month out of range" | "day does not exist" => &["date"],
                "region code does not exist" => &["region"],
                "letter in the first 17"
                | "letter inside region digits"
                | "excluded letter I/O/S/V/Z"
                | "punctuation replaced a character" => &["alphabet"],
                // A transposition or a replacement can also put a letter where a digit belongs.
                _ => &["check", "alphabet"],
            };
            assert!(wanted.contains(&verdict.reason().as_str()), "{kind} {value} ({reason}): {}", verdict.reason());
            counts[usize::from(expected)] += 1;
        }
        assert_eq!(counts, [100, 100], "{kind}");
    }
}

#[test]
fn brackets_of_licence_numbers_do_not_matter() {
    let cases = [
        ("(冀)JZ安许证字[2005]000123", "（冀）JZ安许证字〔2005〕000123"),
        ("【冀】JZ安许证字【2005】000123", "（冀）JZ安许证字〔2005〕000123"),
        ("Ｄ２13 012345", "D213012345"),
        ("(冀", "(冀"),
        ("", ""),
    ];
    for (value, expected) in cases {
        assert_eq!(licence::normalise_licence_number(value), expected);
    }
}

#[test]
fn citizen_numbers_do_not_reach_a_log() {
    let number = citizen::parse("130102188001010011", &REGIONS).unwrap();
    assert_eq!(format!("{number:?}"), "CitizenNumber(1301**********0011)");
}

proptest! {
    #[test]
    fn completed_codes_are_valid_and_a_changed_digit_is_not(
        organisation in "[0-9A-HJ-NPQRTUWXY]{8}", serial in 0..1000u32, at in 0..17usize,
    ) {
        let credit = credit::complete(&format!("91130100{organisation}")).unwrap();
        prop_assert!(credit::parse(&credit.as_str().to_lowercase()).is_ok());
        let citizen = citizen::complete(&format!("13010218800101{serial:03}")).unwrap();
        prop_assert!(citizen::parse(&citizen, &REGIONS).is_ok());
        let mut wrong = citizen.into_bytes();
        wrong[at] = b'0' + (wrong[at] - b'0' + 1) % 10;
        let wrong = String::from_utf8(wrong).unwrap();
        prop_assert_eq!(citizen::parse(&wrong, &REGIONS).unwrap_err().kind, CodeErrorKind::Check);
    }

    #[test]
    fn no_text_makes_a_check_panic(value in "\\PC{0,40}", tail in "[0-9A-Z〔〕（）\\-·号]{0,30}") {
        for kind in CodeKind::ALL {
            for text in [&value, &tail, &format!("{tail}{value}"), &format!("建字第{tail}号"), &format!("（冀）JZ安许证字〔{tail}")] {
                let verdict = check_kind(kind, text, None, &REGIONS);
                if let Some(normalised) = verdict.normalised {
                    // The one spelling is its own spelling.
                    prop_assert_eq!(check_kind(kind, &normalised, None, &REGIONS).normalised, Some(normalised));
                }
            }
        }
    }
}
