//! The demonstration: a province with its people, and some months of business done by the real engine under a simulated clock.
//!
//! What happens is data (`node/demo/`); here it is told in order of time. Everything goes through the same use cases as a person's clicks.

mod acts;
mod application;
mod clock;
mod people;
mod run;
mod story;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod year;

use std::collections::BTreeMap;

use anyhow::Context;
use base::region::RegionCode;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use kernel::catalog::{Example, Matter};
use serde::Deserialize;
use service::pages::sign_in::{DEMO_PASSWORD, passwords};
use service::{App, Identity};

use application::{Firm, Teller, Told, Written, example, firm, on_another_day};
use clock::Choices;
pub(crate) use clock::{DemoClock, DemoEntropy};
use run::{Plan, Run};
use story::{Path, Story};

/// The same demonstration every time.
pub(crate) const SEED: u64 = 2005;
/// What the visitor applies with.
const VISITOR: &str = include_str!("../../demo/visitor.json");
/// Owners elsewhere in the province: so few at the least, and one for so many cases.
const OWNERS_MIN: u64 = 32;
const CASES_OF_OWNER: u64 = 40;
/// Cases of the shares are handed in before the last so many days, so that they have come to their end.
const SETTLED_DAYS: u64 = 15;

/// The visitor's own application, as a journey of the browser makes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Visitor {
    login: String,
    matter: String,
    example: String,
}

/// The instant at which the demonstration begins.
pub(crate) fn begin(now: Timestamp, scale: f64) -> anyhow::Result<Timestamp> {
    let days = Story::read()?.days_at(scale);
    Ok(now.checked_sub(jiff::SignedDuration::from_hours(i64::try_from(days)? * 24))?)
}

/// Builds it, up to the instant `now`.
pub(crate) async fn build(
    app: &App,
    clock: &DemoClock,
    now: Timestamp,
    scale: f64,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> anyhow::Result<()> {
    let story = Story::read()?;
    let password = web::password::Password::parse(DEMO_PASSWORD).map_err(|_| anyhow::anyhow!("the password"))?;
    let hash = passwords().map_err(|fault| anyhow::anyhow!("{fault:?}"))?.hash(&password).await?;
    let visitor = invite(app, &story, &hash, base::time::date(now)).await?;
    let roster = people::settle(app, clock, &story, base::time::date(app.now()), &hash).await?;
    let cases = story.cases_at(scale);
    let mut cast = Cast::of(app, &story, visitor, cases).await?;
    let plans = cast.plans(now, cases, story.days_at(scale))?;
    Run::new(app, clock, now, roster).await?.tell(plans, progress).await
}

/// The visitor's account, and in the registers all that its application refers to.
async fn invite(app: &App, story: &Story, hash: &str, today: Date) -> anyhow::Result<(Identity, Firm)> {
    let visitor: Visitor = serde_json::from_str(VISITOR).context("node/demo/visitor.json")?;
    let matter = app.matter(&visitor.matter).with_context(|| format!("no matter {}", visitor.matter))?;
    let retold = on_another_day(example(&matter, &visitor.example)?, today)?;
    for (register, records) in &retold.registers {
        for record in records {
            app.write_record(register, record).await?;
        }
    }
    let text = |name: &str| retold.form.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let firm = Firm { name: text("applicant_name"), code: text("applicant_code") };
    write_owner(app, &firm, &story.home).await?;
    let name = story.names.person(&mut Choices::of("visitor"));
    let who = people::applicant(app, &name, vec![firm.code.clone()]).await?;
    let seed = story.accounts.iter().find(|seed| seed.login == visitor.login).context("the visitor's account")?;
    people::credential(app, &who, seed, hash).await?;
    Ok((who, firm))
}

async fn write_owner(app: &App, firm: &Firm, region: &str) -> anyhow::Result<()> {
    let record = serde_json::json!({
        "code": firm.code, "name": firm.name, "kind": "owner", "region": region, "status": "active",
    });
    app.write_record("enterprises", &record).await?;
    Ok(())
}

/// Who applies, where, and what of.
struct Cast<'a> {
    story: &'a Story,
    matters: BTreeMap<String, std::sync::Arc<Matter>>,
    calendar: std::sync::Arc<kernel::catalog::Catalog>,
    visitor: (Identity, Firm),
    owners: Vec<(Identity, Firm)>,
    counties: Vec<(RegionCode, String)>,
    teller: Teller<'a>,
    written: Written,
}

impl<'a> Cast<'a> {
    async fn of(app: &App, story: &'a Story, visitor: (Identity, Firm), cases: u64) -> anyhow::Result<Self> {
        let catalog = app.catalog();
        let counties =
            catalog.directory.own().filter(|found| found.level == base::region::Level::County).map(|found| {
                let name = catalog.regions.current(found.region).map_or_else(String::new, |region| region.name.clone());
                (found.region, name)
            });
        let counties: Vec<(RegionCode, String)> = counties.collect();
        let mut choices = Choices::of("owners");
        let mut owners = Vec::new();
        for n in 0..OWNERS_MIN.max(cases / CASES_OF_OWNER) {
            let (region, _) = choices.one(&counties).context("the catalog has no county")?;
            let firm = firm(&story.names, &story.names.owner, region.as_str(), n)?;
            write_owner(app, &firm, region.as_str()).await?;
            let who = people::applicant(app, &story.names.person(&mut choices), vec![firm.code.clone()]).await?;
            owners.push((who, firm));
        }
        Ok(Self {
            story,
            matters: catalog.matters.iter().map(|(code, matter)| (code.to_string(), matter.clone())).collect(),
            calendar: catalog,
            visitor,
            owners,
            counties,
            teller: Teller { story, serial: 0 },
            written: Written::default(),
        })
    }

    /// Every case that there will be: those in the home county, and the shares of the rest of the province.
    fn plans(&mut self, now: Timestamp, cases: u64, days_all: u64) -> anyhow::Result<Vec<Plan>> {
        let home: RegionCode = self.story.home.parse().context("the home county")?;
        let today = base::time::date(now);
        let mut plans = Vec::new();
        for path in &self.story.paths {
            for ago in &path.home {
                let mut day = today;
                for _ in 0..*ago {
                    day = self.working_day_before(day)?;
                }
                plans.push(self.plan(path, home, day, now)?);
            }
        }
        let mut choices = Choices::of("shares");
        for _ in 0..cases {
            let path = self.share(choices.below(100)).context("a path")?;
            let days = SETTLED_DAYS + choices.below(days_all.saturating_sub(SETTLED_DAYS + 1));
            let day = today.checked_sub(i64::try_from(days)?.days())?;
            let region = choices.one(&self.counties).context("a county")?.0;
            plans.push(self.plan(path, region, self.calendar.calendar.this_or_next_working_day(day), now)?);
        }
        Ok(plans)
    }

    fn share(&self, of_hundred: u64) -> Option<&'a Path> {
        let mut sum = 0;
        self.story.paths.iter().find(|path| {
            sum += u64::from(path.share);
            of_hundred < sum
        })
    }

    fn working_day_before(&self, day: Date) -> anyhow::Result<Date> {
        let mut before = day.yesterday()?;
        while !self.calendar.calendar.is_working_day(before) {
            before = before.yesterday()?;
        }
        Ok(before)
    }

    fn plan(&mut self, path: &Path, region: RegionCode, day: Date, now: Timestamp) -> anyhow::Result<Plan> {
        let matter = self.matters.get(&path.matter).cloned().with_context(|| format!("no matter {}", path.matter))?;
        let example: &Example = example(&matter, &path.example)?;
        let mut choices = Choices::of(format!("plan {}", self.teller.serial));
        let is_home = region.as_str() == self.story.home;
        let visits = is_home && (path.visitor || !path.without.is_empty() || self.teller.serial == 0);
        let (who, firm) =
            if visits { self.visitor.clone() } else { choices.one(&self.owners).cloned().context("an owner")? };
        let county = self.counties.iter().find(|(code, _)| *code == region).map_or("", |(_, name)| name.as_str());
        let told =
            Told { owner: &firm, contact: who.name(), region, county, on: day, own_contractor: path.example != "pass" };
        let retold = self.teller.tell(&path.matter, example, &told)?;
        let mut records = Vec::new();
        for (register, all) in retold.registers {
            let Some(declared) = matter.registers.get(&register) else { continue };
            for record in all {
                let key = record.get(&declared.spec.key).and_then(serde_json::Value::as_str).unwrap_or_default();
                if self.written.first(&register, key) {
                    records.push((register.clone(), record));
                }
            }
        }
        let materials = example.materials.iter().filter(|code| !path.without.contains(code)).cloned().collect();
        let (hour, minute) = (i8::try_from(9 + choices.below(7))?, i8::try_from(choices.below(60))?);
        let at = base::time::instant(day.at(hour, minute, 0, 0)).context("a time of day")?;
        Ok(Plan {
            serial: self.teller.serial,
            at: at.min(now.checked_sub(jiff::SignedDuration::from_mins(5))?),
            matter,
            who,
            firm: (firm.code, firm.name),
            form: retold.form,
            records,
            materials,
            steps: path.steps.clone(),
        })
    }
}
