//! Which characters may stand on paper, and reading them back from laid-out pages.

use std::fmt;

use base::text::may_stand_on_paper;
use serde_json::Value;
use typst::layout::{Frame, FrameItem, Point};
use typst_layout::PagedDocument;

/// A character that cannot be printed, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unprintable {
    /// The character.
    pub character: char,
    /// JSON pointer of the value, or the page when it comes from the template.
    pub place: String,
}

impl fmt::Display for Unprintable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = u32::from(self.character);
        if may_stand_on_paper(self.character) {
            write!(f, "{} (U+{code:04X}) in {}", self.character, self.place)
        } else {
            // Not echoed: it is invisible, turns the line round, or looks different everywhere.
            write!(f, "U+{code:04X} in {}", self.place)
        }
    }
}

/// The characters of the data's strings that must not be printed, each once per value.
pub(crate) fn refused(data: &Value) -> Vec<Unprintable> {
    let mut found = Vec::new();
    collect(data, &mut String::new(), &mut found);
    found
}

fn collect(value: &Value, place: &mut String, found: &mut Vec<Unprintable>) {
    let depth = place.len();
    match value {
        Value::String(text) => {
            for character in text.chars().filter(|character| !may_stand_on_paper(*character)) {
                add(found, character, place);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                place.push_str(&format!("/{index}"));
                collect(item, place, found);
                place.truncate(depth);
            }
        }
        Value::Object(fields) => {
            for (key, item) in fields {
                place.push('/');
                place.push_str(key);
                collect(item, place, found);
                place.truncate(depth);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn add(found: &mut Vec<Unprintable>, character: char, place: &str) {
    let one = Unprintable { character, place: place.to_owned() };
    if !found.contains(&one) {
        found.push(one);
    }
}

/// What the pages say, line by line, and the characters that have no glyph.
#[derive(Default)]
pub(crate) struct Reading {
    pub(crate) text: String,
    pub(crate) without_glyph: Vec<Unprintable>,
    line: Option<(usize, f64)>,
}

impl Reading {
    pub(crate) fn of(document: &PagedDocument) -> Reading {
        let mut reading = Reading::default();
        for (index, page) in document.pages().iter().enumerate() {
            reading.frame(&page.frame, index + 1, Point::zero());
        }
        reading
    }

    fn frame(&mut self, frame: &Frame, page: usize, origin: Point) {
        for (position, item) in frame.items() {
            let at = origin + *position;
            match item {
                FrameItem::Group(group) => self.frame(&group.frame, page, at),
                FrameItem::Text(item) => {
                    let baseline = at.y.to_pt();
                    let same_line = self.line.is_some_and(|(on, y)| on == page && (y - baseline).abs() < 0.5);
                    if !same_line && !self.text.is_empty() {
                        self.text.push('\n');
                    }
                    self.line = Some((page, baseline));
                    // The zero-width breaks that templates put into long Latin runs are not part of what is read.
                    self.text.extend(item.text.chars().filter(|character| *character != '\u{200B}'));
                    // PDF/A export would refuse these too, but without naming the character.
                    for glyph in item.glyphs.iter().filter(|glyph| glyph.id == 0) {
                        for character in item.text.get(glyph.range()).unwrap_or_default().chars() {
                            add(&mut self.without_glyph, character, &format!("page {page}"));
                        }
                    }
                }
                FrameItem::Shape(..) | FrameItem::Image(..) | FrameItem::Link(..) | FrameItem::Tag(_) => {}
            }
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
