//! What a supplement notice may name: materials and answers of the form.

use kernel::catalog::Matter;
use kernel::form::Widget;
use kernel::rules::Checks;
use serde_json::Value;
use web::words::Words;

use super::SupplementLine;
use super::view::material_name;
use crate::apply::is_of_applicant;

/// Every material, the ones that the rules ask for first and ticked, then every answer of the form: a clerk adds what a rule cannot see, and
/// there is only one notice (行政许可法 art. 32(4): once, with everything).
pub(super) fn supplement(matter: &Matter, form: &Value, checks: &Checks, words: Words) -> Vec<SupplementLine> {
    let lang = words.lang.tag();
    let mut lines = proposed(matter, checks, words);
    let line = |target: String, name: &str, article: &str| SupplementLine {
        target,
        name: name.to_owned(),
        article: article.to_owned(),
        words: String::new(),
        proposed: false,
    };
    for spec in &matter.spec.materials {
        if !lines.iter().any(|line| line.target == spec.code) {
            lines.push(line(spec.code.clone(), spec.name.get(lang), &spec.basis));
        }
    }
    let shown = matter.form.pages().iter().flat_map(|page| matter.form.shown(page, form));
    // A list is answered on pages of its own; who applies is what the register says.
    let asked = shown.filter(|field| field.widget != Widget::Items && !is_of_applicant(field));
    lines.extend(asked.map(|field| line(format!("form:{}", field.name), field.label.get(lang), "")));
    lines
}

fn proposed(matter: &Matter, checks: &Checks, words: Words) -> Vec<SupplementLine> {
    let lang = words.lang.tag();
    let lines = checks.supplement().into_iter().filter_map(|(material, row)| {
        let code: &str = material?;
        let name = material_name(matter, code, lang);
        let said = row.map(|row| row.text.get(lang)).filter(|text| !text.is_empty());
        let basis = matter.spec.materials.iter().find(|spec| spec.code == code).map(|spec| spec.basis.clone());
        Some(SupplementLine {
            target: code.to_owned(),
            article: row.map(|row| row.article.clone()).or(basis).unwrap_or_default(),
            words: said.map_or_else(|| words.t1("supplement-missing", "name", &name), str::to_owned),
            name,
            proposed: true,
        })
    });
    lines.collect()
}
