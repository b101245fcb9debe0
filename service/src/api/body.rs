//! JSON bodies: read strictly, and with nothing in their texts that a page would refuse.
//!
//! A text that came in here stands in opinions, notices and certificates like one that was typed on a page. One that could not be printed
//! would be decided on and then have no paper, so it is refused where it comes in (`base::text` has the rule, `web::form` asks it too).

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;
use web::form::is_unfit;
use web::problem::{Failure, Json, Problem};
use web::words::Words;

use crate::app::App;
use crate::session::reader_words;

/// Longest text where a type says nothing else: codes, ids, names.
const LINE_CHARS_MAX: usize = 200;
/// Most entries of a list.
const ENTRIES_MAX: usize = 100;
/// Complaints of one answer; who sends more wrong texts mends these first.
const COMPLAINTS_MAX: usize = 20;

/// What a member of a body holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// One line of at most so many characters.
    Line(usize),
    /// Several lines.
    Lines(usize),
    /// A password: any character, as it is given. Nobody prints it.
    Secret,
}

/// A type of body, with what its texts hold. The document says the same.
pub trait Takes: DeserializeOwned + ToSchema {
    /// Members that are not ordinary short lines.
    const TEXTS: &'static [(&'static str, Holds)] = &[];
    /// What every other member holds.
    const OTHERS: Holds = Holds::Line(LINE_CHARS_MAX);

    /// What the member of that name holds.
    fn holds(name: &str) -> Holds {
        Self::TEXTS.iter().find(|(member, _)| *member == name).map_or(Self::OTHERS, |(_, holds)| *holds)
    }
}

/// A body of that type.
#[derive(Clone, Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T: Takes> FromRequest<App> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let words = reader_words(request.headers(), request.uri().query());
        let Json(mut value) = Json::<Value>::from_request(request, app).await?;
        let mut reading = Reading { holds: T::holds, words, unfit: false, complaints: Vec::new() };
        reading.read("", "", &mut value);
        reading.finish()?;
        let typed =
            serde_json::from_value(value).map_err(|error| Problem::unprocessable().detail(error.to_string()))?;
        Ok(Self(typed))
    }
}

/// A body being looked through.
struct Reading {
    holds: fn(&str) -> Holds,
    words: Words,
    /// A character was met that no text may hold.
    unfit: bool,
    complaints: Vec<(String, String)>,
}

impl Reading {
    /// Looks at a value under the name of the member that it belongs to; brings texts into the form in which pages hand them on.
    fn read(&mut self, name: &str, pointer: &str, value: &mut Value) {
        match value {
            Value::String(text) => match (self.holds)(name) {
                Holds::Secret => {}
                Holds::Line(max) => {
                    *text = text.trim().to_owned();
                    self.text(pointer, text, max, false);
                }
                Holds::Lines(max) => {
                    *text = text.trim().replace("\r\n", "\n");
                    self.text(pointer, text, max, true);
                }
            },
            Value::Array(entries) if entries.len() > ENTRIES_MAX => {
                self.complain(pointer, self.words.t1("input-too-many", "max", ENTRIES_MAX));
            }
            Value::Array(entries) => {
                for (n, entry) in entries.iter_mut().enumerate() {
                    self.read(name, &format!("{pointer}/{n}"), entry);
                }
            }
            Value::Object(members) => {
                for (name, value) in members {
                    // What is wrong with a name is told at the object: the name itself is not repeated.
                    self.text(pointer, name, LINE_CHARS_MAX, false);
                    let below = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                    self.read(name, &below, value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn text(&mut self, pointer: &str, text: &str, max: usize, lines: bool) {
        if let Some(character) = text.chars().find(|character| is_unfit(*character, lines)) {
            self.unfit = true;
            // By its number: what cannot be printed cannot be shown here either.
            let character = format!("U+{:04X}", u32::from(character));
            self.complain(pointer, self.words.t1("input-character", "character", character));
        } else if text.chars().count() > max {
            self.complain(pointer, self.words.t1("input-too-long", "max", max));
        }
    }

    fn complain(&mut self, pointer: &str, sentence: String) {
        if self.complaints.len() < COMPLAINTS_MAX {
            self.complaints.push((pointer.to_owned(), sentence));
        }
    }

    fn finish(self) -> Result<(), Problem> {
        if self.complaints.is_empty() {
            return Ok(());
        }
        let problem = match self.unfit {
            true => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "characters"),
            false => Problem::unprocessable(),
        };
        let told = self.complaints.into_iter();
        Err(told.fold(problem, |problem, (pointer, sentence)| problem.field(pointer, sentence)))
    }
}

/// Writes into a schema of a body what its texts hold, so that the document says what is asked.
pub(super) fn limit(holds: fn(&str) -> Holds, schema: &mut Value) {
    if let Some(named) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        named.iter_mut().for_each(|(name, member)| limit_member(holds(name), member));
    }
    if let Some(any) = schema.get_mut("additionalProperties").filter(|any| any.is_object()) {
        limit_member(holds(""), any);
    }
}

fn limit_member(holds: Holds, member: &mut Value) {
    let Some(member) = member.as_object_mut() else { return };
    let kind = member.get("type").cloned().unwrap_or_default();
    let is =
        |wanted: &str| kind == wanted || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == wanted));
    if is("array") {
        member.insert("maxItems".to_owned(), ENTRIES_MAX.into());
    }
    if is("string") {
        match holds {
            Holds::Line(max) | Holds::Lines(max) => member.insert("maxLength".to_owned(), max.into()),
            Holds::Secret => member.insert("format".to_owned(), "password".into()),
        };
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;
    use web::words::Lang;

    use super::*;

    #[derive(Deserialize, ToSchema)]
    struct Written {
        #[expect(dead_code, reason = "only its schema is asked for")]
        title: String,
    }

    impl Takes for Written {
        const TEXTS: &'static [(&'static str, Holds)] = &[("opinion", Holds::Lines(5)), ("password", Holds::Secret)];
    }

    fn read(mut value: Value) -> Result<Value, Problem> {
        let words = Words::new(Lang::En);
        let mut reading = Reading { holds: Written::holds, words, unfit: false, complaints: Vec::new() };
        reading.read("", "", &mut value);
        reading.finish().map(|()| value)
    }

    #[test]
    fn texts_come_out_as_a_page_hands_them_on() {
        for (given, read_as) in [
            (json!({ "title": "  a b " }), json!({ "title": "a b" })),
            (json!({ "opinion": "a\r\nb\n" }), json!({ "opinion": "a\nb" })),
            (json!({ "password": " a\r\n\u{200b} " }), json!({ "password": " a\r\n\u{200b} " })),
            (json!(["\u{20bb7}", 1, null, true]), json!(["\u{20bb7}", 1, null, true])),
        ] {
            assert_eq!(read(given).unwrap(), read_as);
        }
    }

    #[test]
    fn a_text_is_refused_by_place_and_character() {
        for (given, code, field, part) in [
            (json!({ "title": "a\u{202e}b" }), "characters", "/title", "U+202E"),
            (json!({ "title": "a\nb" }), "characters", "/title", "U+000A"),
            (json!({ "opinion": "a\rb" }), "characters", "/opinion", "U+000D"),
            (json!({ "opinion": "ab\u{1f600}" }), "characters", "/opinion", "U+1F600"),
            (json!({ "opinion": ["a", "\u{e000}"] }), "characters", "/opinion/1", "U+E000"),
            (json!({ "a/b": { "title": "\u{ffff}" } }), "characters", "/a~1b/title", "U+FFFF"),
            (json!({ "a": { "\u{200b}": 1 } }), "characters", "/a", "U+200B"),
            (json!({ "opinion": "123456" }), "unprocessable", "/opinion", "5"),
            (json!({ "title": "x".repeat(LINE_CHARS_MAX + 1) }), "unprocessable", "/title", "200"),
            (json!({ "list": vec![1; ENTRIES_MAX + 1] }), "unprocessable", "/list", "100"),
        ] {
            let problem = read(given.clone()).expect_err(field);
            assert_eq!((problem.status.as_u16(), problem.code), (422, code), "{given}");
            assert_eq!(problem.fields.len(), 1, "{problem:?}");
            assert_eq!(problem.fields[0].field, field);
            assert!(problem.fields[0].detail.contains(part), "{problem:?}");
        }
        let many = json!((0..ENTRIES_MAX).map(|_| "\u{200b}").collect::<Vec<_>>());
        assert_eq!(read(many).expect_err("all of them").fields.len(), COMPLAINTS_MAX);
    }
}
