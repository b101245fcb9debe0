//! Forms in tables: what is typed in, what comes out.

use std::sync::Arc;

use base::region::Regions;
use serde_json::{Value, json};

use super::*;

fn regions() -> Arc<Regions> {
    let text = "code,name,level,parent,valid_from,valid_until,successor\n130000,河北省,province,,1980-12-01,,\n\
                130100,石家庄市,city,130000,1980-12-01,,\n130123,正定县,county,130100,1993-12-01,,\n\
                130102,长安区,county,130100,1980-12-01,,\n";
    Arc::new(Regions::parse(text).unwrap())
}

fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "表", "type": "object", "additionalProperties": false,
        "required": ["name", "area", "region", "is_new"],
        "x-ui": {"pages": [{"id": "one", "title": {"zh": "一"}}, {"id": "two", "title": {"zh": "二"}}]},
        "properties": {
            "name": {"title": "名称", "type": "string", "minLength": 2, "maxLength": 5, "x-class": "public", "x-ui": {"page": "one", "order": 1}},
            "area": {"title": "面积", "type": "string", "pattern": "^[0-9]{1,6}(\\.[0-9]{1,2})?$", "x-class": "public",
                "x-ui": {"page": "one", "order": 2, "widget": "number", "unit": {"zh": "平方米"}}},
            "price_fen": {"title": "价格", "type": "integer", "minimum": 1, "x-class": "public", "x-ui": {"page": "one", "order": 3, "widget": "money"}},
            "region": {"title": "区划", "type": "string", "pattern": "^[0-9]{6}$", "x-class": "public", "x-ui": {"page": "one", "order": 4, "widget": "region"}},
            "is_new": {"title": "新建", "type": "boolean", "x-class": "public", "x-ui": {"page": "two", "order": 1, "widget": "radio",
                "options": [{"value": true, "zh": "是"}, {"value": false, "zh": "否"}]}},
            "old_no": {"title": "原证号", "type": "string", "maxLength": 40, "x-class": "public",
                "x-ui": {"page": "two", "order": 2, "widget": "licence_no", "show_if": "not(form.is_new)"}},
            "manager": {"title": "负责人", "type": "string", "pattern": "^[0-9]{17}[0-9X]$", "x-class": "sensitive",
                "x-ui": {"page": "two", "order": 3, "widget": "idcard", "message": {"zh": "请核对身份号码"}}},
            "on": {"title": "日期", "type": "string", "format": "date", "x-class": "public", "x-ui": {"page": "two", "order": 4, "widget": "date"}},
            "people": {"title": "人员", "type": "array", "maxItems": 2, "x-ui": {"page": "two", "order": 5, "widget": "items"},
                "items": {"type": "object", "additionalProperties": false, "required": ["phone"], "properties": {
                    "phone": {"title": "手机", "type": "string", "pattern": "^1[0-9]{10}$", "x-class": "personal", "x-ui": {"widget": "phone"}}}}}
        }
    })
}

fn form() -> Form {
    Form::parse(schema(), &regions()).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// Submits one field of page `one` beside valid others and shows its value or its errors.
fn typed(name: &str, text: &str) -> String {
    let form = form();
    let page = form.pages().iter().find(|page| page.fields.iter().any(|field| field == name)).unwrap();
    let valid = [("name", "工程"), ("area", "1"), ("region", "130123"), ("is_new", "false"), (name, text)];
    let submitted: Vec<(String, String)> = valid.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect();
    match form.parse_page(page, &json!({}), &submitted) {
        Ok(values) => values.get(name).map_or("nothing".to_owned(), Value::to_string),
        Err(errors) => errors.iter().map(|e| format!("{} {} {:?}", e.pointer, e.code, e.params)).collect(),
    }
}

#[test]
fn reads_each_widget() {
    for (name, text, expected) in [
        ("name", " 新工程 ", "\"新工程\""),
        ("name", "", "/name required {}"),
        ("name", "一", "/name min-length {\"limit\": \"2\"}"),
        ("name", "一二三四五六", "/name max-length {\"limit\": \"5\"}"),
        ("name", "一\u{202e}二", "/name characters {}"),
        ("name", "一\u{0}二", "/name characters {}"),
        ("area", "18,420.5", "\"18420.5\""),
        ("area", "１８４２０．５", "\"18420.5\""),
        ("area", "1e3", "/area number {}"),
        ("area", "1.234", "/area pattern {}"),
        ("price_fen", "53,160,000.5", "5316000050"),
        ("price_fen", "0", "/price_fen minimum {\"limit\": \"1\"}"),
        ("price_fen", "五百", "/price_fen money {}"),
        ("price_fen", "", "nothing"),
        ("region", "130123", "\"130123\""),
        ("region", "130999", "/region region {\"reason\": \"region\"}"),
        ("is_new", "true", "true"),
        ("is_new", "maybe", "/is_new choice {}"),
        ("old_no", "(冀)JZ安许证字[2023]000123", "\"(冀)JZ安许证字[2023]000123\""),
        ("manager", "13010218800101002x", "\"13010218800101002X\""),
        ("manager", "130102188001010021", "/manager idcard {\"reason\": \"check\"}"),
        ("on", "2025-09-28", "\"2025-09-28\""),
        ("on", "2025-02-30", "/on date {}"),
    ] {
        assert_eq!(typed(name, text), expected, "{name}: {text}");
    }
}

#[test]
fn hidden_fields_are_left_out_and_refused() {
    let form = form();
    let page = form.page("two").unwrap();
    let submitted = [("is_new", "true"), ("old_no", "冀1234")].map(|(n, t)| (n.to_owned(), t.to_owned()));
    let values = form.parse_page(page, &json!({}), &submitted).unwrap();
    assert_eq!(Value::Object(values), json!({"is_new": true}));
    let errors =
        form.validate(&json!({"name": "工程", "area": "1", "region": "130123", "is_new": true, "old_no": "冀1234"}));
    assert_eq!(errors.iter().map(|e| (e.pointer.as_str(), e.code)).collect::<Vec<_>>(), [("/old_no", "unexpected")]);
    assert_eq!(form.shown(page, &json!({"is_new": false})).len(), 5);
    assert_eq!(form.shown(page, &json!({"is_new": true})).len(), 4);
}

#[test]
fn the_whole_form_is_checked_in_page_order_with_own_messages() {
    let form = form();
    let errors = form.validate(&json!({"manager": "130102188001010021", "area": "x", "people": [{}, {"phone": "2"}, {"phone": "1"}], "more": 1}));
    let shown: Vec<(&str, &str)> = errors.iter().map(|e| (e.pointer.as_str(), e.code)).collect();
    assert_eq!(
        shown,
        [
            ("/name", "required"),
            ("/area", "pattern"),
            ("/region", "required"),
            ("/is_new", "required"),
            ("/manager", "idcard"),
            ("/people", "max-items"),
            ("/people/0/phone", "required"),
            ("/people/1/phone", "pattern"),
            ("/people/2/phone", "pattern"),
            ("/more", "unexpected"),
        ]
    );
    assert_eq!(errors[4].message.as_ref().unwrap().zh, "请核对身份号码");
}

#[test]
fn items_have_a_page_of_their_own_and_survive_the_page_around_them() {
    let form = form();
    let list = form.field("people").unwrap();
    let item = |phone: &str| form.parse_item(list, &[("phone".to_owned(), phone.to_owned())]);
    assert_eq!(item("138 0000 0000").unwrap()["phone"], "13800000000");
    assert_eq!(item("").unwrap_err()[0].code, "required");
    let draft = json!({"people": [{"phone": "13800000000"}], "name": "工程"});
    let page = form.page("two").unwrap();
    let values = form.parse_page(page, &draft, &[("is_new".to_owned(), "true".to_owned())]).unwrap();
    let merged = form.merge(&draft, page, values);
    assert_eq!(merged, json!({"people": [{"phone": "13800000000"}], "name": "工程", "is_new": true}));
}

#[test]
fn personal_values_are_taken_out_and_put_back() {
    let form = form();
    let values = json!({"name": "工程", "manager": "13010218800101002X", "people": [{"phone": "13800000000"}, {"phone": "13800000001"}]});
    let split = form.split(&values);
    assert_eq!(split.open, json!({"name": "工程", "people": [{}, {}]}));
    let sealed: Vec<(&str, FieldClass)> = split.sealed.iter().map(|s| (s.pointer.as_str(), s.class)).collect();
    assert_eq!(
        sealed,
        [
            ("/manager", FieldClass::Sensitive),
            ("/people/0/phone", FieldClass::Personal),
            ("/people/1/phone", FieldClass::Personal),
        ]
    );
    let back = form.join(&split.open, split.sealed.iter().map(|s| (s.pointer.as_str(), s.value.clone())));
    assert_eq!(back, values);
    assert_eq!(form.class_at("/people/7/phone"), Some(FieldClass::Personal));
}

#[test]
fn the_summary_speaks_and_feel_sees_every_field() {
    let form = form();
    let values = json!({"name": "工程", "area": "300.01", "price_fen": 123456, "is_new": true, "region": "130123"});
    let rows: Vec<String> = form
        .summary(&values)
        .iter()
        .flat_map(|page| page.rows.iter().map(|row| format!("{} {:?}", row.label.zh, row.shown)))
        .collect();
    assert_eq!(
        rows,
        [
            "名称 Plain(\"工程\")",
            "面积 Measured(\"300.01\", Text { zh: \"平方米\", en: \"\" })",
            "价格 Money(Fen(123456))",
            "区划 Region(\"130123\")",
            "新建 Choice(Text { zh: \"是\", en: \"\" })",
        ]
    );
    let context = Context::from([("form".to_owned(), form.to_feel(&values))]);
    let evaluate = |text: &str| Expression::parse(text, &[]).unwrap().evaluate(&context).to_json();
    assert_eq!(evaluate("form.area > 300"), json!(true));
    assert_eq!(evaluate("form.old_no = null"), json!(true));
}

#[test]
fn a_page_of_nine_fields_is_refused() {
    let mut schema = schema();
    for index in 0..5 {
        schema["properties"][format!("more_{index}")] = json!({"title": "多", "type": "string", "maxLength": 5, "x-class": "public", "x-ui": {"page": "one", "order": 10 + index}});
    }
    let problems = Form::parse(schema, &regions()).unwrap_err();
    assert_eq!(problems[0].message, "page one has 9 fields; one topic has at most 8");
}
