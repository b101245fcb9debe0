use super::*;
use crate::session::SessionToken;
use jiff::civil::date;

fn fields(text: &str) -> Fields {
    Fields::parse(text.as_bytes()).expect("parses")
}

#[test]
fn parses_what_a_browser_sends() {
    let form = fields("name=%E5%BB%BA%E9%80%9A+A&many=1&many=3&empty=&text=a%0D%0Ab");
    assert_eq!(form.text("name", 10).as_deref(), Ok("建通 A"));
    assert_eq!(form.choices("many", ["1", "2", "3"]), ["1", "3"]);
    assert_eq!(form.long_text("text", 10).as_deref(), Ok("a\nb"));
    assert_eq!(form.text("empty", 10), Err(Complaint::new("input-missing")));
    assert_eq!(form.optional_text("absent", 10).as_deref(), Ok(""));
    assert_eq!(form.names_under("m").collect::<Vec<_>>(), ["many"]);
}

#[test]
fn normalises_to_nfc() {
    assert_eq!(fields("a=e%CC%81").text("a", 1).as_deref(), Ok("é"));
}

#[test]
fn refuses_bodies_that_are_no_form() {
    for (body, status) in [("a=%", 400), ("a=%zz", 400), ("a=%ff", 400), ("a=%ed%a0%80", 400)] {
        assert_eq!(Fields::parse(body.as_bytes()).expect_err(body).status.as_u16(), status, "{body}");
    }
    let many = "a=1&".repeat(FORM_FIELDS_MAX + 1);
    assert_eq!(Fields::parse(many.as_bytes()).expect_err("too many").status.as_u16(), 413);
    assert!(Fields::parse("a=1&".repeat(FORM_FIELDS_MAX).as_bytes()).is_ok());
}

#[test]
fn refuses_characters_that_deceive() {
    for text in ["a%00b", "a%0Ab", "a%1B%5B", "a%E2%80%AEb", "a%EF%BF%BE"] {
        let form = fields(&format!("a={text}"));
        assert_eq!(form.text("a", 10), Err(Complaint::new("input-control")), "{text}");
    }
    let form = fields("a=x%09y%0Az");
    assert_eq!(form.long_text("a", 10).as_deref(), Ok("x\ty\nz"));
}

#[test]
fn takes_typed_values_or_complains() {
    let form = Fields::from_pairs([
        ("n", "1,280"),
        ("big", "9999"),
        ("word", "x"),
        ("money", "5316.5"),
        ("cents", "0.005"),
        ("day", "2026-11-23"),
        ("short-day", "26-11-23"),
        ("twice", "1"),
        ("twice", "2"),
        ("long", "一二三四五"),
        ("pick", "b"),
    ]);
    assert_eq!(form.whole("n", 0, 2000), Ok(1280));
    assert_eq!(form.whole("big", 0, 100).expect_err("range").key, "input-range");
    assert_eq!(form.whole("word", 0, 100).expect_err("word").key, "input-whole-number");
    assert_eq!(form.decimal("money", 2), Ok(531_650));
    assert_eq!(form.decimal("cents", 2).expect_err("places").key, "input-money");
    assert_eq!(form.date("day"), Ok(date(2026, 11, 23)));
    assert_eq!(form.date("short-day"), Err(Complaint::new("input-date")));
    assert_eq!(form.text("twice", 5), Err(Complaint::new("input-missing")));
    assert_eq!(form.text("long", 5).as_deref(), Ok("一二三四五"));
    assert_eq!(form.text("long", 4).expect_err("long").key, "input-too-long");
    assert_eq!(form.choice("pick", ["a", "b"]), Ok("b"));
    assert_eq!(form.choice("pick", ["a"]), Err(Complaint::new("input-choice")));
}

#[test]
fn says_what_is_missing_by_its_label() {
    let words = Words::default();
    assert_eq!(Complaint::new("input-missing").say(words, "工程名称"), "请填写工程名称");
    let long = Complaint::new("input-too-long").with("max", 20_usize);
    assert_eq!(long.say(words, "工程名称"), "最多 20 个字");
}

#[test]
fn decimals_are_exact() {
    for (text, expected) in [
        ("0", Some(0)),
        ("-1.2", Some(-120)),
        ("12.", None),
        (".5", None),
        ("1e3", None),
        ("99999999999999999999", None),
        ("1.234", None),
    ] {
        assert_eq!(parse_decimal(text, 2), expected, "{text}");
    }
}

#[test]
fn the_token_and_the_nonce_are_checked() {
    let session = SessionToken::generate().expect("random").form_key();
    let token = session.csrf().expect("random");
    let good = Fields::from_pairs([("_csrf", token.as_str()), ("_nonce", "0123456789abcdef")]);
    assert_eq!(good.check_csrf(&session), Ok(()));
    assert_eq!(good.nonce(), Ok("0123456789abcdef"));
    let bad = Fields::from_pairs([("_csrf", "x"), ("_nonce", "short")]);
    assert_eq!(bad.check_csrf(&session).expect_err("forged").status.as_u16(), 403);
    assert_eq!(bad.nonce().expect_err("no key").status.as_u16(), 400);
}

proptest::proptest! {
    #[test]
    fn any_bytes_give_fields_or_a_problem(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        if let Ok(form) = Fields::parse(&bytes) {
            for name in form.names_under("") {
                let _ = form.long_text(name, 100);
            }
        }
    }

    #[test]
    fn what_was_encoded_is_what_arrives(text in "[a-zA-Z0-9 建通&=%+]{1,20}") {
        let form = fields(&format!("a={}", crate::page::percent_encode(&text)));
        proptest::prop_assert_eq!(form.one("a"), Some(text.as_str()));
    }
}
