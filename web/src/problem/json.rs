//! JSON bodies, read strictly: 1 MiB, depth 32, no duplicate keys, no floats, no NUL, no lone surrogate.

use axum::extract::{FromRequest, Request};
use axum::http::header;
use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::{Failure, Problem};
use crate::guard;

/// Most bytes of a JSON body.
pub(crate) const JSON_BYTES_MAX: usize = 1 << 20;
/// Deepest nesting.
const DEPTH_MAX: u8 = 32;

/// A JSON body as a typed value. The type should carry `#[serde(deny_unknown_fields)]`: the API refuses what it does not know.
#[derive(Clone, Debug)]
pub struct Json<T>(
    /// The value.
    pub T,
);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Json<T>, Failure> {
        let kind =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(Problem::media_type().into());
        }
        let bytes = guard::read_body(request.into_body(), JSON_BYTES_MAX).await?;
        let value = json_value(&bytes)?;
        let typed =
            serde_json::from_value(value).map_err(|error| Problem::unprocessable().detail(error.to_string()))?;
        Ok(Json(typed))
    }
}

/// Parses JSON under the limits of the security rules: malformed or with duplicate keys is 400, what must not be stored is 422.
pub fn json_value(bytes: &[u8]) -> Result<Value, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::bad_request())?;
    let surrogates = has_lone_surrogate(text);
    let mut parser = serde_json::Deserializer::from_str(text);
    let value = Strict { depth: 0 }.deserialize(&mut parser).and_then(|value| parser.end().map(|()| value)).map_err(
        |error| match error.to_string() {
            _ if surrogates => Problem::unprocessable().detail("a string holds half of a surrogate pair"),
            text if text.starts_with(UNFIT) => Problem::unprocessable().detail(text.trim_start_matches(UNFIT)),
            text => Problem::bad_request().detail(text),
        },
    )?;
    if surrogates { Err(Problem::unprocessable()) } else { Ok(value) }
}

/// Marks the errors that are well-formed JSON which this API does not take.
const UNFIT: &str = "unfit: ";

#[derive(Clone, Copy)]
struct Strict {
    depth: u8,
}

impl Strict {
    fn deeper<E: serde::de::Error>(self) -> Result<Strict, E> {
        if self.depth >= DEPTH_MAX {
            return Err(E::custom(format!("nested deeper than {DEPTH_MAX}")));
        }
        Ok(Strict { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(Number::from(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(Number::from(value)))
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Value, E> {
        // Money and areas are decimal strings: a float has already lost what was meant.
        Err(E::custom(format!("{UNFIT}a number must be whole; write decimals as a string")))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        if value.contains('\0') {
            return Err(E::custom(format!("{UNFIT}a string holds NUL")));
        }
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut out = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            out.push(item);
        }
        Ok(Value::Array(out))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut out = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if key.contains('\0') {
                return Err(A::Error::custom(format!("{UNFIT}a key holds NUL")));
            }
            if out.contains_key(&key) {
                return Err(A::Error::custom(format!("duplicate key {key:?}")));
            }
            let value = entries.next_value_seed(inner)?;
            out.insert(key, value);
        }
        Ok(Value::Object(out))
    }
}

/// `\ud800` without its second half (or the other way round): legal in the grammar of JSON, but not a character.
fn has_lone_surrogate(text: &str) -> bool {
    let bytes = text.as_bytes();
    let unit = |at: usize| -> Option<u16> {
        let digits = bytes.get(at..at + 6)?;
        if &digits[..2] != b"\\u" {
            return None;
        }
        u16::from_str_radix(std::str::from_utf8(&digits[2..]).ok()?, 16).ok()
    };
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'\\' {
            at += 1;
            continue;
        }
        match unit(at) {
            Some(0xd800..=0xdbff) => match unit(at + 6) {
                Some(0xdc00..=0xdfff) => at += 12,
                _ => return true,
            },
            Some(0xdc00..=0xdfff) => return true,
            Some(_) => at += 6,
            // Any other escape is two bytes; skipping both keeps `\\u` from being taken for `\u`.
            None => at += 2,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(text: &str) -> u16 {
        match json_value(text.as_bytes()) {
            Ok(_) => 200,
            Err(problem) => problem.status.as_u16(),
        }
    }

    #[test]
    fn takes_and_refuses_as_the_security_rules_say() {
        let deep = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
        for (text, expected) in [
            (r#"{"a":[1,-2,"x",true,null]}"#, 200),
            (r#"{"a":"\ud83c\udfd7"}"#, 200),
            (r#"{"a":"\\ud800"}"#, 200),
            (deep(32).as_str(), 200),
            (deep(33).as_str(), 400),
            (r#"{"a":1,"a":2}"#, 400),
            (r#"{"a":1} x"#, 400),
            (r#"{"a":"#, 400),
            (r#"{"fee":1.5}"#, 422),
            (r#"{"fee":1e3}"#, 422),
            (r#"{"a":"\u0000"}"#, 422),
            (r#"{"a":"\ud800"}"#, 422),
            (r#"{"a":"\udc00x"}"#, 422),
        ] {
            assert_eq!(status(text), expected, "{text}");
        }
        assert_eq!(json_value(b"\"\xff\"").expect_err("not UTF-8").status.as_u16(), 400);
    }
}
