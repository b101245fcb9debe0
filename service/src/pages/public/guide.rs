//! The service guide (办事指南) of a matter, from its `guide.md`; materials and limits are what the matter itself says.

use askama::Template;
use axum::extract::{Path, State};
use kernel::catalog::Matter;
use kernel::catalog::matter::{LimitVersion, version_on};
use web::page::Page;
use web::words::Words;

use super::{limit_words, may_apply, promise};
use crate::app::App;
use crate::citation::cited;
use crate::error::Error;
use crate::pages::hall::say;
use crate::session::{Answer, Visitor};

/// A piece of a section.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Block {
    Paragraph(String),
    Dots(Vec<String>),
    Numbers(Vec<String>),
    Materials,
    Limits,
}

struct Section {
    heading: String,
    blocks: Vec<Block>,
}

struct MaterialRow {
    name: String,
    hint: String,
    formats: String,
    basis: String,
}

#[derive(Template)]
#[template(path = "public/guide.html")]
struct GuidePage {
    p: Page,
    promise: String,
    sections: Vec<Section>,
    materials: Vec<MaterialRow>,
    limits: Vec<String>,
    apply: Option<String>,
}

/// `GET /matters/{code}`.
pub(super) async fn guide_page(State(app): State<App>, visitor: Visitor, Path(code): Path<String>) -> Answer {
    let matter = app.matter(&code).ok_or_else(|| visitor.stop(Error::not_found()))?;
    let words = visitor.words;
    let materials = matter.spec.materials.iter().map(|material| MaterialRow {
        name: say(&material.name, words),
        hint: say(&material.hint, words),
        formats: material.formats.join(" / ").to_uppercase(),
        basis: cited(&material.basis, words),
    });
    let sections = matter.guide.sections.iter();
    let page = GuidePage {
        promise: promise(&app, &matter, words),
        sections: sections
            .map(|section| Section { heading: section.heading.clone(), blocks: blocks(&section.body) })
            .collect(),
        materials: materials.collect(),
        limits: limits(&app, &matter, words),
        // An officer who may open cases finds the way in here too.
        apply: (!may_apply(&matter).is_empty() || visitor.filer().is_ok_and(|identity| identity.post().is_some()))
            .then(|| format!("/matters/{code}/apply")),
        p: visitor.page_titled(say(&matter.spec.name, words)),
    };
    visitor.html(&page)
}

fn limits(app: &App, matter: &Matter, words: Words) -> Vec<String> {
    let Some(limits) = matter.spec.limits.in_force(app.today()) else { return Vec::new() };
    let said = |key: &'static str, version: &LimitVersion| {
        let limit = words.t1(key, "limit", limit_words(version.limit, words));
        let basis = version.basis.as_deref().map(|basis| words.t1("in-brackets", "text", basis)).unwrap_or_default();
        format!("{limit}{basis}")
    };
    // What a lower level reviews first has its limit besides.
    let review = matter.spec.limits.before_forwarding(app.today()).map(|below| below.statutory);
    let check = matter.spec.commitment.as_ref().and_then(|commitment| version_on(&commitment.check, app.today()));
    let mut all: Vec<String> = review.map(|review| said("public-lower-review", review)).into_iter().collect();
    all.extend([said("public-statutory", limits.statutory), promise(app, matter, words)]);
    all.extend(check.map(|check| said("public-later-check", check)));
    all
}

/// The little Markdown that guides use: paragraphs and lists. Everything else stands as it was written.
pub(super) fn blocks(body: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut joined = false;
    for line in body.lines().map(str::trim) {
        if line.is_empty() {
            joined = false;
            continue;
        }
        let number = line
            .split_once(". ")
            .filter(|(digits, _)| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
        if line == "{materials}" {
            blocks.push(Block::Materials);
        } else if line == "{limits}" {
            blocks.push(Block::Limits);
        } else if let Some(item) = line.strip_prefix("- ") {
            match blocks.last_mut() {
                Some(Block::Dots(items)) => items.push(item.to_owned()),
                _ => blocks.push(Block::Dots(vec![item.to_owned()])),
            }
        } else if let Some((_, item)) = number {
            match blocks.last_mut() {
                Some(Block::Numbers(items)) => items.push(item.to_owned()),
                _ => blocks.push(Block::Numbers(vec![item.to_owned()])),
            }
        } else {
            match blocks.last_mut() {
                Some(Block::Paragraph(text)) if joined => text.push_str(line),
                _ => blocks.push(Block::Paragraph(line.to_owned())),
            }
            joined = true;
            continue;
        }
        joined = false;
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guide_is_paragraphs_and_lists() {
        let text = |text: &str| text.to_owned();
        let body = "First\nstill first.\n\nSecond:\n1. one\n2. two\n\n- dot\n{materials}\n\n{limits}\nV1.0 is no list";
        assert_eq!(
            blocks(body),
            [
                Block::Paragraph(text("Firststill first.")),
                Block::Paragraph(text("Second:")),
                Block::Numbers(vec![text("one"), text("two")]),
                Block::Dots(vec![text("dot")]),
                Block::Materials,
                Block::Limits,
                Block::Paragraph(text("V1.0 is no list")),
            ]
        );
    }
}
