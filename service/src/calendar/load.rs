//! Reading a notice as somebody gave it, trying it, and loading it.

use base::calendar::Calendar;
use base::notice::{Notice, NoticeError};
use jiff::civil::Date;
use kernel::catalog::{Catalog, TargetClass};
use kernel::command::Loaded;
use kernel::directory::{DirectoryCommand, LoadCalendar, NoticeSource, calendar_owner};
use kernel::policy::Object;
use kernel::{Command, Refusal};
use store::{IdempotencyKey, Submission};
use web::words::{Arg, Words};

use super::{ACTION, CalendarPreview, PAGE, PreviewDay, kind_word};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::{Identity, system};
use crate::session::obliged_to_elevate;

/// The job that loads by command, as its entries name it.
const JOB: &str = "calendar";

/// A notice as somebody gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenNotice {
    /// The year.
    pub year: i16,
    /// Its days, in the form of `cn.csv`.
    pub text: String,
    /// Title of the notice.
    pub title: String,
    /// Its document number.
    pub number: String,
    /// The day on it.
    pub issued_on: Date,
    /// Where it was read.
    pub source: String,
    /// Why a year that has its notice gets other days.
    pub reason: Option<String>,
}

/// Why the text of a notice was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeWrong(pub NoticeError);

impl NoticeWrong {
    /// In the reader's language, by its line.
    pub fn words(&self, words: Words) -> String {
        let args: Vec<(&'static str, Arg)> =
            self.0.params().into_iter().map(|(name, value)| (name, Arg::Text(value))).collect();
        words.t_args(&format!("calendar-wrong-{}", self.0.code()), &args)
    }
}

impl GivenNotice {
    /// The command, when the text can be read.
    pub fn read(&self) -> std::result::Result<LoadCalendar, NoticeWrong> {
        let notice = Notice::parse(&self.text, self.year).map_err(NoticeWrong)?;
        let (title, number, source) = (self.title.clone(), self.number.clone(), self.source.clone());
        let source = NoticeSource { title, number, issued_on: self.issued_on, source };
        Ok(LoadCalendar { notice, source, reason: self.reason.clone() })
    }
}

impl App {
    /// May this person load a notice? The days are everybody's: only at the node's highest organisation.
    pub(crate) fn may_load_calendar(&self, identity: &Identity) -> bool {
        let catalog = self.catalog();
        node_calendar(&catalog).is_some_and(|object| identity.may(self, ACTION, &object))
    }

    /// Does the grant oblige to authenticate again?
    pub(crate) fn calendar_elevates(&self, identity: &Identity) -> bool {
        let catalog = self.catalog();
        let (Some(post), Some(object)) = (identity.post(), node_calendar(&catalog)) else { return false };
        obliged_to_elevate(&catalog.grants, post, ACTION, &object)
    }

    /// What a notice would do; nothing is written. What would be refused is refused here already.
    pub async fn preview_calendar(&self, identity: Option<&Identity>, load: &LoadCalendar) -> Result<CalendarPreview> {
        if identity.is_some_and(|identity| !self.may_load_calendar(identity)) {
            return Err(Refusal::Forbidden { action: ACTION.to_owned() }.into());
        }
        self.settle_calendar().await?;
        let before = self.catalog();
        let year = load.notice.year();
        let after = before.calendar.with_notice(year, load.notice.days());
        self.try_load(identity, load).await?;
        let day = |on: Date| PreviewDay {
            on,
            was: kind_word(before.calendar.day(on).kind),
            is: kind_word(after.day(on).kind),
            name: name_of(&after, on),
        };
        let found = self.count_moves(&after).await?;
        Ok(CalendarPreview {
            year,
            correction: before.calendar.is_official(year),
            days: load.notice.days().iter().map(|named| day(named.on)).collect(),
            changes: after.changes(&before.calendar, year).into_iter().map(|change| day(change.on)).collect(),
            looked: found.looked,
            moving: found.moving,
            moves: found.moves,
        })
    }

    /// The command decided as the writer would decide it now.
    async fn try_load(&self, identity: Option<&Identity>, load: &LoadCalendar) -> Result<()> {
        let command = Command::Directory(DirectoryCommand::LoadCalendar(Box::new(load.clone())));
        let (actor, facts) = (identity.map_or_else(|| system(JOB), Identity::actor), self.facts());
        let wanted = kernel::needs(&command, &actor, &facts).streams;
        let states = self.store().read(move |reader| reader.states(&wanted)).await?;
        let loaded: Loaded = states.into_iter().map(|(stream, version, state)| (stream, (version, state))).collect();
        kernel::decide(&command, &actor, &loaded, &facts)?;
        Ok(())
    }

    /// Loads a notice: journaled with its days and its source. From now on dates are derived with it; the open ones are counted again by
    /// [`App::recount`]. Without a person it is the node itself that was told to, by a command on its machine.
    pub async fn load_calendar(&self, by: Option<(&Identity, &str)>, load: LoadCalendar) -> Result<()> {
        let key = by.map(|(identity, key)| IdempotencyKey {
            account: identity.account().to_string(),
            key: key.to_owned(),
            body_hash: journal::commit(&[0; 16], format!("{load:?}").as_bytes()).0,
        });
        let submission = Submission {
            command: Command::Directory(DirectoryCommand::LoadCalendar(Box::new(load))),
            actor: by.map_or_else(|| system(JOB), |(identity, _)| identity.actor()),
            facts: self.facts(),
            key,
            entered_at: None,
        };
        self.store().submit(submission).await.map_err(Error::from)?;
        self.settle_calendar().await.map(|_| ())
    }
}

/// The calendar of the node, as policy sees it.
fn node_calendar(catalog: &Catalog) -> Option<Object<'_>> {
    let owner = calendar_owner(catalog)?;
    let (organisation, region) = (owner.code.as_str(), owner.region);
    Some(Object { class: TargetClass::Page, name: PAGE, immediate: false, organisation, region })
}

fn name_of(calendar: &Calendar, on: Date) -> String {
    calendar.day(on).name.map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use base::notice::RowProblem::{Cells, Date, Kind, Name, Notice, Order, OtherYear, Twice, Weekday};
    use web::words::Lang;

    use super::*;

    #[test]
    fn whatever_is_wrong_with_a_notice_has_words_in_both_languages() {
        let rows = [Cells, Date, Kind, Notice, OtherYear, Twice, Order, Weekday, Name];
        let rows = rows.map(|problem| NoticeError::Row { line: 7, problem, text: "x".to_owned() });
        let others = [
            NoticeError::TooLarge { max: 7 },
            NoticeError::Year { year: 7 },
            NoticeError::Column { column: "7" },
            NoticeError::Empty,
            NoticeError::TooMany { max: 7 },
        ];
        for error in rows.into_iter().chain(others) {
            let wrong = NoticeWrong(error);
            let [zh, en] = [Lang::ZhCn, Lang::En].map(|lang| wrong.words(Words::new(lang)));
            assert!(zh != en && !zh.starts_with("calendar-wrong") && !en.starts_with("calendar-wrong"), "{zh} / {en}");
            assert!(wrong.0 == NoticeError::Empty || (zh.contains('7') && en.contains('7')), "{zh} / {en}");
        }
    }
}
