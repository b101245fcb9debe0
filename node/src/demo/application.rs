//! Applications of the demonstration: an example of the catalog, with people, firms, places and dates of its own.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use base::code::{citizen, credit};
use base::region::RegionCode;
use jiff::civil::Date;
use jiff::{Span, ToSpan};
use kernel::catalog::{Example, Matter};
use serde_json::Value;

use super::clock::Choices;
use super::story::{Names, Story};

/// Contractors that build for many owners.
const CONTRACTORS: u64 = 24;

/// An owner and the contractors' numbers it can choose from.
#[derive(Clone, Debug)]
pub(super) struct Firm {
    pub(super) name: String,
    pub(super) code: String,
}

/// An example retold.
pub(super) struct Retold {
    pub(super) form: Value,
    pub(super) registers: BTreeMap<String, Vec<Value>>,
}

/// The example of a path.
pub(super) fn example<'a>(matter: &'a Matter, name: &str) -> anyhow::Result<&'a Example> {
    let file = format!("/{name}.json");
    matter.examples.iter().find(|example| example.file.ends_with(&file)).with_context(|| format!("no example {name}"))
}

/// A firm of a region.
pub(super) fn firm(names: &Names, ends: &[String], region: &str, n: u64) -> anyhow::Result<Firm> {
    let mut choices = Choices::of(format!("firm {region} {n}"));
    let word = |words: &[String], choices: &mut Choices| choices.one(words).cloned().unwrap_or_default();
    let first = word(&names.firm, &mut choices);
    let rest: Vec<String> = names.firm.iter().filter(|other| **other != first).cloned().collect();
    let name = format!("{first}{}{}", word(&rest, &mut choices), word(ends, &mut choices));
    let code = credit::complete(&format!("91{region}MA{n:06}")).context("a credit code")?;
    Ok(Firm { name, code: code.as_str().to_owned() })
}

/// Tells examples again and again, each time of others.
pub(super) struct Teller<'a> {
    pub(super) story: &'a Story,
    pub(super) serial: u64,
}

/// Of whom and where an example is told.
pub(super) struct Told<'a> {
    pub(super) owner: &'a Firm,
    pub(super) contact: &'a str,
    pub(super) region: RegionCode,
    pub(super) county: &'a str,
    pub(super) on: Date,
    /// The contractor is nobody else's: its licences are not as others'.
    pub(super) own_contractor: bool,
}

impl Teller<'_> {
    /// Tells an example of other people, of another place and of another day.
    pub(super) fn tell(&mut self, matter: &str, example: &Example, told: &Told<'_>) -> anyhow::Result<Retold> {
        self.serial += 1;
        let names = &self.story.names;
        let mut choices = Choices::of(format!("case {}", self.serial));
        let contractor_n = if told.own_contractor { CONTRACTORS + self.serial } else { choices.below(CONTRACTORS) };
        let contractor = firm(names, &names.contractor, "130100", 500_000 + contractor_n)?;
        // Before 1900, so that no living person is hit.
        let born = 1860 + self.serial % 40;
        let citizen = |month: u64| {
            let number = citizen::complete(&format!("130104{born}{month:02}01{:03}", self.serial / 40 % 1000));
            number.context("a citizen number")
        };
        let estate = choices.one(&names.estate).cloned().unwrap_or_default();
        let year = told.on.year();
        let words: BTreeMap<&str, String> = BTreeMap::from([
            ("owner", told.owner.name.clone()),
            ("owner_code", told.owner.code.clone()),
            ("contact", told.contact.to_owned()),
            ("contractor", contractor.name),
            ("contractor_code", contractor.code),
            ("legal", names.person(&mut choices)),
            ("person", names.person(&mut choices)),
            ("citizen", citizen(1)?),
            ("citizen2", citizen(2)?),
            ("citizen3", citizen(3)?),
            ("citizen4", citizen(4)?),
            ("region", told.region.to_string()),
            ("county", told.county.to_owned()),
            ("estate", format!("{}{estate}", choices.one(&names.firm).map_or("", String::as_str))),
            ("block", (1 + choices.below(28)).to_string()),
            ("year", year.to_string()),
            ("year2", format!("{:02}", year % 100)),
            ("mmdd", format!("{:02}{:02}", 1 + self.serial / 28 % 12, 1 + self.serial % 28)),
            // Beyond what a county numbers on a day: an invented licence never has the number of one that is granted.
            ("serial2", format!("{:02}", 20 + self.serial / 336 % 80)),
            ("n", format!("{:06}", self.serial)),
            ("c", format!("{contractor_n:05}")),
        ]);
        let none = BTreeMap::new();
        let identities = self.story.identities.get(matter).unwrap_or(&none);
        let named: BTreeMap<&str, String> =
            identities.iter().map(|(said, pattern)| (said.as_str(), fill(pattern, &words))).collect();
        let later = example.on.until(told.on)?.get_days().days();
        let retell = |value: &Value| retold(value, &named, later);
        let registers = example
            .registers
            .iter()
            .map(|(register, records)| (register.clone(), records.iter().map(retell).collect()))
            .collect();
        Ok(Retold { form: retell(&example.form), registers })
    }
}

/// The example as it stands, on another day: what the visitor applies with.
pub(super) fn on_another_day(example: &Example, on: Date) -> anyhow::Result<Retold> {
    let later = example.on.until(on)?.get_days().days();
    let retell = |value: &Value| retold(value, &BTreeMap::new(), later);
    let registers = example
        .registers
        .iter()
        .map(|(register, records)| (register.clone(), records.iter().map(retell).collect()))
        .collect();
    Ok(Retold { form: retell(&example.form), registers })
}

/// `{name}` becomes its word.
fn fill(pattern: &str, words: &BTreeMap<&str, String>) -> String {
    words.iter().fold(pattern.to_owned(), |text, (name, word)| text.replace(&format!("{{{name}}}"), word))
}

/// Whole texts that name someone are replaced, dates move, the rest stays.
fn retold(value: &Value, named: &BTreeMap<&str, String>, later: Span) -> Value {
    match value {
        Value::String(text) => Value::String(match (named.get(text.as_str()), date(text)) {
            (Some(other), _) => other.clone(),
            (None, Some(date)) => date.checked_add(later).unwrap_or(date).to_string(),
            (None, None) => text.clone(),
        }),
        Value::Array(items) => items.iter().map(|item| retold(item, named, later)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), retold(value, named, later))).collect()
        }
        other => other.clone(),
    }
}

fn date(text: &str) -> Option<Date> {
    if text.len() == 10 { text.parse().ok() } else { None }
}

/// Records are written once, whoever mentions them.
#[derive(Default)]
pub(super) struct Written(BTreeSet<(String, String)>);

impl Written {
    /// Is it the first time?
    pub(super) fn first(&mut self, register: &str, key: &str) -> bool {
        self.0.insert((register.to_owned(), key.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use kernel::catalog::{Act, LicenceStep};

    use super::*;

    #[test]
    fn an_example_is_told_of_others_and_still_stands() {
        let (story, catalog) = (Story::read().unwrap(), testkit::world::catalog());
        let mut teller = Teller { story: &story, serial: 0 };
        let owner = firm(&story.names, &story.names.owner, "130102", 7).unwrap();
        let on: Date = "2026-03-02".parse().unwrap();
        for path in &story.paths {
            let matter = catalog.matter(&path.matter).unwrap();
            let example = example(matter, &path.example).unwrap();
            let told = Told {
                owner: &owner,
                contact: "李四",
                region: "130102".parse().unwrap(),
                county: "长安区",
                on,
                own_contractor: true,
            };
            let retold = teller.tell(&path.matter, example, &told).unwrap();
            let again = Example { form: retold.form, registers: retold.registers, on, ..example.clone() };
            assert_eq!(again.form["applicant_code"], owner.code.as_str());
            let result = kernel::catalog::run_example(matter, &again);
            // Only the place differs from what the example expects. A term of years that is moved by days may end a day beside its own: then a
            // person compares it with the term asked for.
            let renews = |act: &Act| matches!(act, Act::AlterLicence { step: LicenceStep::AskRenewal { .. }, .. });
            let compares_terms = matter.acts.values().any(renews);
            let may_differ = |said: &&String| {
                said.starts_with("routing") || (compares_terms && said.ends_with("is \"undecided\", expected \"pass\""))
            };
            let other: Vec<_> = result.differences.iter().filter(|said| !may_differ(said)).collect();
            assert!(other.is_empty(), "{}: {other:?}", example.file);
        }
    }
}
