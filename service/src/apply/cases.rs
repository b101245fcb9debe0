//! Looking up: the applicant's own cases, the progress that anyone who knows two facts may see, and the proof that a paper is genuine.

use std::net::IpAddr;
use std::sync::Arc;

use base::deadline::{Light, Remaining};
use jiff::civil::Date;
use kernel::case::{Case, Channel, Notice, Stage, view_clock};
use kernel::catalog::Matter;
use kernel::catalog::matter::{MatterKind, NoticeKind, Text};
use kernel::policy::Scope;
use kernel::record::{LicenceChange, Record};
use kernel::{State, StreamId};
use serde::Serialize;
use store::{CaseFilter, CaseItem, Fault, Reader};
use utoipa::ToSchema;
use web::words::Words;

use super::{MaterialView, Owner};
use crate::api::schema;
use crate::app::App;
use crate::calendar::is_provisional;
use crate::cases::{ENTRIES_MAX, MoveShown, last_move, loads, provisional_days};
use crate::error::{Error, Result};
use crate::identity::Identity;

/// The clock as people read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClockLine {
    /// Colour.
    #[schema(value_type = schema::Colour)]
    pub light: Light,
    /// Working days left or over.
    #[schema(value_type = schema::Remaining)]
    pub remaining: Remaining,
    /// What it counts down to.
    #[schema(value_type = String, format = Date)]
    pub due_on: Date,
    /// It rests on a year whose notice of days off is not out: it may move.
    pub provisional: bool,
}

/// A case in the applicant's list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MyCase {
    /// Id.
    pub id: String,
    /// Number.
    pub number: String,
    /// The matter.
    #[schema(value_type = schema::Text)]
    pub matter: Text,
    /// What kind of business it is.
    #[serde(skip)]
    pub matter_kind: MatterKind,
    /// What it is about.
    pub title: String,
    /// Stage word.
    pub stage: String,
    /// Received, µs UTC.
    pub received_at: i64,
    /// What its clock counts down to.
    #[schema(value_type = Option<String>, format = Date)]
    pub due_on: Option<Date>,
    /// It rests on a year whose notice of days off is not out: it may move.
    pub provisional: bool,
}

/// A document of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct NoticeView {
    /// Which.
    #[schema(value_type = schema::NoticeKind)]
    pub kind: NoticeKind,
    /// Number.
    pub number: String,
    /// The day on it.
    #[schema(value_type = String, format = Date)]
    pub issued_on: Date,
    /// Verification code.
    pub code: String,
    /// Its paper exists.
    pub rendered: bool,
}

/// The applicant's case page.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OwnCaseView)]
pub struct CaseView {
    /// Id.
    pub id: String,
    /// Number.
    pub number: String,
    /// The matter.
    #[schema(value_type = schema::Text)]
    pub matter: Text,
    /// Matter code.
    pub code: String,
    /// The matter as it was when the case began.
    #[serde(skip)]
    pub declared: Arc<Matter>,
    /// What it is about.
    pub title: String,
    /// Who handles it.
    pub organisation: String,
    /// Where it stands.
    #[schema(value_type = schema::Stage)]
    pub stage: Stage,
    /// Day 0 of the acceptance check.
    #[schema(value_type = Option<String>, format = Date)]
    pub received_on: Option<Date>,
    /// Its end.
    #[schema(value_type = Option<String>, format = Date)]
    pub accept_by: Option<Date>,
    /// The day of acceptance.
    #[schema(value_type = Option<String>, format = Date)]
    pub accepted_on: Option<Date>,
    /// Accepted by silence.
    pub deemed: bool,
    /// The promised day.
    #[schema(value_type = Option<String>, format = Date)]
    pub promised_on: Option<Date>,
    /// The statutory day.
    #[schema(value_type = Option<String>, format = Date)]
    pub statutory_on: Option<Date>,
    /// The clock that runs.
    pub clock: Option<ClockLine>,
    /// Of these days, those that rest on a year whose notice of days off is not out: they may move.
    #[schema(value_type = Vec<String>)]
    pub provisional: Vec<Date>,
    /// Its deadlines as they were counted again last, because a year's notice was loaded.
    pub moved: Option<MoveShown>,
    /// The supplement notice, and when it was answered.
    #[schema(value_type = Option<(String, Option<String>)>)]
    pub supplement: Option<(Date, Option<Date>)>,
    /// The result's number.
    pub result: Option<String>,
    /// Documents.
    pub notices: Vec<NoticeView>,
    /// Materials handed in.
    pub materials: Vec<MaterialView>,
    /// The whole form: what the matter's schema `form-<code>` describes.
    #[schema(value_type = Object)]
    pub form: serde_json::Value,
    /// The last day of the licence's new term, where silence renewed it (行政许可法 art. 50(2)).
    #[schema(value_type = Option<String>, format = Date)]
    pub renewed_until: Option<Date>,
    /// The applicant may take it back.
    pub may_withdraw: bool,
    /// The party was invited to state their case until this day.
    #[schema(value_type = Option<String>, format = Date)]
    pub statement_until: Option<Date>,
    /// They may state it now.
    pub may_state: bool,
    /// The decision is made, and its delivery not confirmed yet.
    pub may_take_delivery: bool,
    /// The hearing, as far as it came.
    pub hearing: Option<HearingLine>,
}

/// The hearing of a case as its applicant sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HearingLine {
    /// `offered`, `requested`, `declined`, `appointed` or `held`.
    pub state: &'static str,
    /// Until when it may be asked for or declined now.
    #[schema(value_type = Option<String>, format = Date)]
    pub answer_by: Option<Date>,
    /// When it begins.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<jiff::Timestamp>,
}

/// What anyone sees who knows the number and a second fact: no names of persons, no materials.
#[derive(Clone, Debug, Serialize)]
pub struct Progress {
    /// Number.
    pub number: String,
    /// The matter.
    pub matter: Text,
    /// What kind of business it is.
    #[serde(skip)]
    pub matter_kind: MatterKind,
    /// Who handles it.
    pub organisation: String,
    /// Where it stands.
    pub stage: Stage,
    /// Day 0 of the acceptance check.
    pub received_on: Option<Date>,
    /// The day of acceptance.
    pub accepted_on: Option<Date>,
    /// The clock that runs.
    pub clock: Option<ClockLine>,
}

/// A genuine document.
#[derive(Clone, Debug, Serialize)]
pub struct Verified {
    /// Number.
    pub number: String,
    /// Which.
    pub kind: NoticeKind,
    /// The day on it.
    pub issued_on: Date,
    /// The matter.
    pub matter: Text,
    /// The matter as it was when the case began.
    #[serde(skip)]
    pub declared: Arc<Matter>,
    /// Who issued it.
    pub organisation: String,
    /// The organisation it was issued to; a person's name is not shown.
    pub holder: String,
    /// What it is about.
    pub title: String,
    /// Status of the licence now, for a certificate.
    pub status: Option<String>,
    /// The day on which that status began, if a step of the licence's life brought it.
    pub status_since: Option<Date>,
    /// Its last valid day.
    pub valid_until: Option<Date>,
    /// The day on which a later certificate under the same number replaced this one.
    pub replaced_on: Option<Date>,
    /// SHA-256 of its PDF.
    pub pdf_hash: Option<String>,
}

/// A verification code as it is kept, whether it was typed from the groups on a paper or came from its QR code.
pub fn plain_code(typed: &str) -> String {
    typed
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{ff0d}' | '\u{2014}'))
        .collect::<String>()
        .to_lowercase()
}

/// A number as it may stand on the paper: people type brackets and wide letters as their keyboard has them.
fn spellings(typed: &str) -> Vec<String> {
    let narrow = |c: char| match u32::from(c) {
        wide @ 0xff01..=0xff5e => char::from_u32(wide - 0xfee0).unwrap_or(c),
        _ => c,
    };
    let plain: String = typed.chars().filter(|c| !c.is_whitespace()).map(narrow).collect();
    let bracketed = |open: char, close: char| {
        let bracket = |c| match c {
            '(' | '[' | '\u{3014}' | '\u{3010}' => open,
            ')' | ']' | '\u{3015}' | '\u{3011}' => close,
            other => other,
        };
        plain.chars().map(bracket).collect::<String>()
    };
    let mut spellings = vec![typed.trim().to_owned()];
    for spelling in [plain.clone(), bracketed('\u{3014}', '\u{3015}'), bracketed('\u{ff08}', '\u{ff09}')] {
        if !spellings.contains(&spelling) {
            spellings.push(spelling);
        }
    }
    spellings
}

/// A case, its document, and the record that the case resulted in.
type FoundDocument = (Box<Case>, Notice, Option<Record>);

/// The document with that number and code, or the document of the case with that number that has the code.
fn found_document(
    reader: &mut Reader<'_>,
    numbers: &[String],
    code: &str,
) -> std::result::Result<Option<FoundDocument>, Fault> {
    for number in numbers {
        let stream = match reader.document(number, code)? {
            Some(document) => document.stream.parse().ok(),
            None => reader.case_by_number(&Scope::everything(), number)?.map(|item| StreamId::case(&item.id)),
        };
        let state = stream.map(|stream: StreamId| reader.state(&stream)).transpose()?.flatten();
        let Some((_, State::Case(case))) = state else { continue };
        let Some(notice) = case.notices.iter().find(|notice| notice.code == code).cloned() else { continue };
        let record = match &case.result {
            Some(result) => reader.state(&StreamId::record(&result.register, &result.id))?,
            None => None,
        };
        return Ok(Some((case, notice, record.and_then(|(_, state)| state.as_record().cloned()))));
    }
    Ok(None)
}

impl App {
    /// The cases of an account, the newest first.
    pub async fn my_cases(
        &self,
        identity: &Identity,
        after: Option<store::Cursor>,
    ) -> Result<(Vec<MyCase>, Option<String>)> {
        let account = Owner::of(identity)?.account;
        let page = store::Page { after, rows: 50 };
        let listed = self
            .store()
            .read(move |reader| reader.cases(&Scope::own(&account.to_string()), &CaseFilter::default(), &page))
            .await?;
        let line = |item: CaseItem| {
            let matter = self.matter(&item.matter);
            MyCase {
                matter_kind: matter.as_ref().map_or(MatterKind::Service, |matter| matter.spec.kind),
                matter: matter.map(|matter| matter.spec.name.clone()).unwrap_or_default(),
                id: item.id,
                number: item.number,
                title: item.title,
                stage: item.stage,
                received_at: item.received_at,
                provisional: item.due_on.is_some_and(|on| is_provisional(on, &self.catalog().calendar)),
                due_on: item.due_on,
            }
        };
        Ok((listed.rows.into_iter().map(line).collect(), listed.next.map(|next| next.as_str().to_owned())))
    }

    /// A case of the account; of another's, not found.
    pub async fn own_case(&self, identity: &Identity, id: &str) -> Result<Case> {
        let account = Owner::of(identity)?.account;
        let id: base::id::CaseId = id.parse().map_err(|_| Error::not_found())?;
        let stream = StreamId::case(id);
        match self.store().read(move |reader| reader.state(&stream)).await? {
            Some((_, State::Case(case))) if case.applicant.account == Some(account) => Ok(*case),
            _ => Err(Error::not_found()),
        }
    }

    /// The applicant's page of a case.
    pub async fn case_page(&self, identity: &Identity, id: &str, words: Words) -> Result<CaseView> {
        let case = self.own_case(identity, id).await?;
        let matter = self.matter_at(&case.matter, &case.catalog).await?;
        let materials = case.materials.iter().map(|given| {
            let spec = matter.spec.materials.iter().find(|spec| spec.code == given.code);
            MaterialView {
                code: given.code.clone(),
                name: spec.map(|spec| spec.name.clone()).unwrap_or_default(),
                hint: Text::default(),
                required: None,
                file: None,
                in_register: matches!(given.source, kernel::case::MaterialSource::Record { .. }),
                in_form: false,
                on_paper: matches!(given.source, kernel::case::MaterialSource::Paper),
                may_upload: false,
                basis: String::new(),
            }
        });
        let notices = case.notices.iter().map(|notice| NoticeView {
            kind: notice.kind,
            number: notice.number.clone(),
            issued_on: notice.issued_on,
            code: notice.code.clone(),
            rendered: notice.pdf_hash.is_some(),
        });
        Ok(CaseView {
            id: case.id.to_string(),
            number: case.number.clone(),
            matter: matter.spec.name.clone(),
            code: case.matter.clone(),
            declared: Arc::clone(&matter),
            title: case.title.clone(),
            organisation: self.organisation_name(&case.organisation).await?,
            stage: case.stage,
            received_on: case.clocks.received_on,
            accept_by: case.clocks.accept_by.map(|due| due.on),
            accepted_on: case.clocks.accepted_on,
            deemed: case.clocks.deemed,
            promised_on: case.clocks.promised.map(|due| due.on),
            statutory_on: case.clocks.statutory.map(|due| due.on),
            clock: self.clock_line(&case),
            provisional: provisional_days(case.clocks.dues(), &self.catalog().calendar),
            moved: self.last_move(&case, words).await?,
            supplement: case.supplement.as_ref().map(|supplement| (supplement.asked_on, supplement.answered_on)),
            result: case.result.as_ref().map(|result| result.number.clone()),
            notices: notices.collect(),
            materials: materials.collect(),
            form: self.whole_form(&case, &matter).await?,
            hearing: case.hearing.as_ref().map(|hearing| HearingLine {
                state: hearing.state(),
                answer_by: hearing.pending(self.today()).flatten().filter(|_| case.stage == Stage::Accepted),
                at: hearing.appointed.as_ref().and_then(|one| jiff::Timestamp::from_microsecond(one.at).ok()),
            }),
            renewed_until: self.renewed_by_silence(&case, &matter).await?,
            may_withdraw: case.stage.is_open() && case.channel != Channel::Office,
            statement_until: case.statement.as_ref().map(|statement| statement.until),
            may_state: case.stage.is_open() && case.statement.as_ref().is_some_and(|asked| asked.given.is_none()),
            may_take_delivery: matches!(case.stage, Stage::Granted | Stage::Refused),
        })
    }

    /// The progress of a case, for who knows its number and the applicant's credit code or the receipt's verification code.
    pub async fn progress(&self, from: IpAddr, number: &str, fact: &str) -> Result<Progress> {
        self.look_up(from, self.find_progress(number, fact)).await
    }

    async fn find_progress(&self, number: &str, fact: &str) -> Result<Progress> {
        let wanted = number.to_owned();
        let state = self
            .store()
            .read(move |reader| match reader.case_by_number(&Scope::everything(), &wanted)? {
                Some(item) => reader.state(&StreamId::case(&item.id)),
                None => Ok(None),
            })
            .await?;
        let Some((_, State::Case(case))) = state else { return Err(Error::not_found()) };
        let fact = fact.trim();
        let is_applicant = !case.applicant.code.is_empty() && case.applicant.code.eq_ignore_ascii_case(fact);
        let is_receipt =
            case.notices.iter().any(|notice| notice.kind == NoticeKind::Receipt && notice.code == plain_code(fact));
        if !is_applicant && !is_receipt {
            return Err(Error::not_found());
        }
        let matter = self.matter_at(&case.matter, &case.catalog).await?;
        Ok(Progress {
            number: case.number.clone(),
            matter: matter.spec.name.clone(),
            matter_kind: matter.spec.kind,
            organisation: self.organisation_name(&case.organisation).await?,
            stage: case.stage,
            received_on: case.clocks.received_on,
            accepted_on: case.clocks.accepted_on,
            clock: self.clock_line(&case),
        })
    }

    /// A document by its number and verification code: both must fit, and which one did not is not told.
    pub async fn verify_document(&self, from: IpAddr, number: &str, code: &str) -> Result<Verified> {
        self.look_up(from, self.find_document(number, code)).await
    }

    async fn find_document(&self, number: &str, code: &str) -> Result<Verified> {
        let (wanted, given) = (spellings(number), plain_code(code));
        let found = self.store().read(move |reader| found_document(reader, &wanted, &given)).await?;
        let (case, notice, record) = found.ok_or_else(Error::not_found)?;
        let record = record.filter(|_| notice.kind == NoticeKind::Certificate);
        let holder = record
            .as_ref()
            .filter(|_| !case.applicant.name.is_empty())
            .and_then(|record| record.body.get("holder_name").and_then(serde_json::Value::as_str).map(str::to_owned));
        let matter = self.matter_at(&case.matter, &case.catalog).await?;
        Ok(Verified {
            number: notice.number.clone(),
            kind: notice.kind,
            issued_on: notice.issued_on,
            matter: matter.spec.name.clone(),
            declared: matter,
            organisation: self.organisation_name(&case.organisation).await?,
            // What the licence says, which an alteration may have changed since it was applied for.
            holder: holder.unwrap_or_else(|| case.applicant.name.clone()),
            title: case.title.clone(),
            status_since: record.as_ref().and_then(|record| record.changes.last().map(|change| change.on)),
            status: record.as_ref().map(|record| record.status.clone()),
            valid_until: record.as_ref().and_then(|record| record.valid_until),
            replaced_on: record.as_ref().and_then(|record| record.paper_replaced_on(case.id)),
            pdf_hash: notice.pdf_hash.clone(),
        })
    }

    /// Guessing is slowed down by network. Not by number: a paper that hangs on a site's fence is looked up by many, and nobody may be able
    /// to make it fail for the others. Only what is not found counts.
    async fn look_up<T>(&self, from: IpAddr, look: impl Future<Output = Result<T>>) -> Result<T> {
        let budget = &self.budgets().look_up;
        self.spend(budget, from).map_err(Error::TooMany)?;
        let found = look.await;
        if found.is_ok() {
            budget.refund(from);
        }
        found
    }

    fn clock_line(&self, case: &Case) -> Option<ClockLine> {
        let view = view_clock(&case.clocks, case.stage, &self.catalog().calendar, self.today())?;
        Some(ClockLine {
            light: view.light,
            remaining: view.remaining,
            due_on: view.due.on,
            provisional: view.provisional,
        })
    }

    async fn renewed_by_silence(&self, case: &Case, matter: &Matter) -> Result<Option<Date>> {
        let change = self.licence_change(case, matter).await?.map(|(change, _)| change);
        Ok(change.filter(|change| change.change == LicenceChange::DeemedRenewed).and_then(|change| change.valid_until))
    }

    async fn last_move(&self, case: &Case, words: Words) -> Result<Option<MoveShown>> {
        let stream = StreamId::case(case.id);
        let read = self.store().read(move |reader| {
            let entries = reader.entries_of(&stream, 0, ENTRIES_MAX)?;
            let loads = loads(reader, &entries)?;
            Ok((entries, loads))
        });
        let (entries, loads) = read.await?;
        Ok(last_move(case, &entries, &loads, words))
    }

    async fn organisation_name(&self, code: &str) -> Result<String> {
        let stream = StreamId::organisation(code);
        Ok(match self.store().read(move |reader| reader.state(&stream)).await? {
            Some((_, State::Organisation(organisation))) => organisation.name,
            _ => String::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_however_its_brackets_were_typed() {
        let right = "A-R\u{3014}2026\u{3015}12";
        for typed in
            [right, "A-R[2026]12", "A-R(2026) 12", "\u{ff21}-R\u{ff08}2026\u{ff09}12", " A-R\u{3010}2026\u{3011}12 "]
        {
            assert!(spellings(typed).iter().any(|spelling| spelling == right), "{typed}");
        }
        assert_eq!(spellings("SJZ20261120000123"), ["SJZ20261120000123"]);
    }
}
