//! What a document says, as its template wants it (`catalog/templates/README.md`): every value is text made ready here.

use base::deadline::PauseKind;
use base::id::AccountId;
use jiff::civil::Date;
use kernel::Facts;
use kernel::case::{Case, Channel, Due, Gathered, MaterialSource, Notice};
use kernel::catalog::matter::{DeliveryKind, Limit, LimitsInForce, MatterKind, NoticeKind, TaskKind, version_on};
use kernel::catalog::{Act, Catalog, LicenceStep, Matter, Organisation, pattern};
use kernel::form::{Shown, Widget};
use kernel::record::{LicenceChange, LicenceChanged, Record};
use serde_json::{Map, Value, json};
use store::Opened;
use web::words::{Arg, Lang, Words};

use crate::app::App;
use crate::cases::view::shown_words;
use crate::citation::cited;
use crate::error::Result;
use crate::naming::notice_name;
use crate::pages::public::limit_words;
use crate::session::names_of;

/// Everything that the words of a document are made from.
struct Paper<'a> {
    app: &'a App,
    case: &'a Case,
    notice: &'a Notice,
    matter: &'a Matter,
    catalog: &'a Catalog,
    /// The organisation as the catalog lists it, with address and telephone.
    listed: Option<&'a Organisation>,
    facts: &'a Facts,
    form: Value,
    /// Free texts of the case by their field in the vault.
    texts: std::collections::BTreeMap<String, String>,
    /// Who presides over the hearing.
    host: Option<String>,
    words: Words,
}

impl App {
    /// The data of a document's template.
    pub(super) async fn paper_data(&self, case: &Case, notice: &Notice) -> Result<Value> {
        let catalog = self.catalog_at(&case.catalog).await?;
        let matter = self.matter_at(&case.matter, &case.catalog).await?;
        let facts = self.facts_for_case(case).await?;
        let personal = facts.personal.iter().map(|(pointer, value)| (pointer.as_str(), value.clone()));
        let form = matter.form.join(&Value::Object(case.form.clone()), personal);
        let (subject, prefix) = (case.applicant.subject, format!("case/{}/", case.id));
        let appointed = case.hearing.as_ref().and_then(|hearing| hearing.appointed.as_ref());
        let host: Vec<AccountId> = appointed.map(|appointed| appointed.host.account).into_iter().collect();
        let read =
            self.store().read(move |reader| Ok((reader.open_under(subject, &prefix)?, names_of(reader, &host)?)));
        let (opened, names) = read.await?;
        let text = |(field, opened): (String, Opened)| Some((field, opened.value()?.to_owned()));
        let issuer = notice.issuer.as_ref().unwrap_or(&case.organisation);
        let paper = Paper {
            app: self,
            case,
            notice,
            matter: &matter,
            catalog: &catalog,
            listed: catalog.directory.organisations.iter().find(|found| found.code.as_str() == issuer),
            facts: &facts,
            form,
            texts: opened.into_iter().filter_map(text).collect(),
            host: names.into_values().next().map(|(name, _)| name),
            words: Words::new(Lang::ZhCn),
        };
        let change = self.licence_change(case, &matter).await?;
        let mut data = paper.common();
        data.extend(match notice.kind {
            NoticeKind::Receipt => paper.receipt(),
            NoticeKind::Acceptance => paper.acceptance(),
            NoticeKind::Supplement => paper.supplement(),
            NoticeKind::NonAcceptance => paper.non_acceptance(),
            NoticeKind::Pause => paper.pause(),
            NoticeKind::Extension => paper.extension(),
            NoticeKind::HearingRight => paper.hearing_right(),
            NoticeKind::Hearing | NoticeKind::HearingMinutes => paper.hearing(),
            NoticeKind::Grant => paper.grant(),
            NoticeKind::Refusal => paper.refusal(),
            NoticeKind::Withdrawal => paper.withdrawal(),
            NoticeKind::Delivery => paper.delivery(),
            NoticeKind::Forwarding => paper.forwarding(),
            NoticeKind::Commitment => paper.commitment(),
            NoticeKind::CommitmentCheck => paper.commitment_check(),
            NoticeKind::Statement => paper.statement(),
            NoticeKind::Certificate => paper.certificate(),
        });
        if let Some((change, licence)) = change.filter(|_| notice.kind == NoticeKind::Grant && paper.is_opened()) {
            data.extend(paper.ending(&change, &licence));
        }
        // What is missing is left out: the template decides whether it can do without.
        data.retain(|_, value| !value.is_null());
        Ok(Value::Object(data))
    }
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

impl Paper<'_> {
    fn date(&self, on: Date) -> String {
        let args = [("year", i64::from(on.year())), ("month", i64::from(on.month())), ("day", i64::from(on.day()))];
        let args: Vec<(&'static str, Arg)> = args.map(|(name, n)| (name, n.to_string().into())).into();
        self.words.t_args("paper-date", &args)
    }

    fn date_of(&self, on: Option<Date>) -> Option<String> {
        on.map(|on| self.date(on))
    }

    fn instant(&self, microseconds: i64) -> String {
        let civil = base::time::civil(jiff::Timestamp::from_microsecond(microseconds).unwrap_or_default());
        let args: Vec<(&'static str, Arg)> = vec![
            ("date", self.date(civil.date()).into()),
            ("hour", format!("{:02}", civil.hour()).into()),
            ("minute", format!("{:02}", civil.minute()).into()),
        ];
        self.words.t_args("paper-date-time", &args)
    }

    /// A due date, marked when it rests on a year whose notice is not out.
    fn due(&self, due: Option<Due>) -> Option<String> {
        let due = due?;
        let date = self.date(due.on);
        let provisional = due.is_provisional(self.facts.calendar());
        Some(if provisional { self.words.t1("date-provisional", "date", date) } else { date })
    }

    fn limit(&self, limit: Limit) -> String {
        limit_words(limit, self.words)
    }

    fn text(&self, commitment: Option<&journal::Commitment>) -> Option<String> {
        self.texts.get(&commitment?.field).cloned()
    }

    /// The opinion with which the last task of a kind of outcome was done.
    fn reason(&self, outcomes: &[&str]) -> Option<String> {
        let done = self.case.done.iter().rev().find(|done| outcomes.contains(&done.outcome.as_str()))?;
        self.text(done.opinion.as_ref())
    }

    fn common(&self) -> Map<String, Value> {
        let (case, listed) = (self.case, self.listed);
        let code: Vec<String> = self.notice.code.to_uppercase().as_bytes().chunks(4).map(chunk_text).collect();
        let matter = self.matter.spec.name.zh.as_str();
        let contact = listed.map(|found| json!({ "name": "", "phone": found.phone, "address": found.address }));
        fields(json!({
            "authority": self.authority(),
            "addressee": case.applicant.name,
            "matter": matter,
            "case_no": case.number,
            "date_text": self.date(self.notice.issued_on),
            "code": code.join("-"),
            "verify_url": format!("{}/verify", self.app.settings().public_url),
            "number": self.notice.number,
            "project": Some(&case.title).filter(|title| *title != matter),
            "contact": contact,
            "title": notice_name(self.matter, self.notice.kind, self.words),
            "basis": self.own_basis(),
            "opened_on_text": self.date_of(self.case.clocks.accepted_on.filter(|_| self.is_opened())),
            "licence_number": self.altered_number().filter(|_| self.is_opened()),
        }))
    }

    /// Whose paper it is: of a case that was forwarded, the one that issued it then.
    fn authority(&self) -> Option<String> {
        match self.notice.issuer {
            Some(_) => self.listed.map(|listed| listed.name.clone()),
            None => self.facts.organisation.as_ref().map(|found| found.name.clone()),
        }
    }

    /// What is no licence rests on its own law; the templates cite 行政许可法 for the others.
    fn own_basis(&self) -> Option<String> {
        let spec = &self.matter.spec;
        let on = self.notice.issued_on;
        let in_force = spec
            .basis
            .iter()
            .filter(|basis| basis.valid_from.is_none_or(|from| from <= on) && basis.valid_to.is_none_or(|to| on <= to));
        let laws: Vec<String> = in_force.map(|basis| format!("{} {}", basis.law, basis.articles)).collect();
        (spec.kind != MatterKind::Licence && !laws.is_empty()).then(|| cited(&laws.join("; "), self.words))
    }

    fn remedies(&self) -> Value {
        let region = self.catalog.regions.current(self.case.region).map_or("", |region| region.name.as_str());
        json!({
            "reconsideration": self.words.t1("paper-reconsideration", "region", region),
            "court": self.words.t("paper-court"),
        })
    }

    fn receipt(&self) -> Map<String, Value> {
        let (channel, by) = match self.case.channel {
            Channel::Online => ("paper-channel-online", "paper-received-by-system"),
            Channel::Window | Channel::Office => ("paper-channel-window", "paper-received-by-window"),
        };
        let mut items = vec![json!({
            "name": self.words.t("paper-application-form"), "form": self.words.t("paper-form-electronic"), "count": "1",
        })];
        items.extend(self.materials());
        fields(json!({
            "received_at_text": self.instant(self.case.received_at),
            "channel": self.words.t(channel),
            "received_by": self.words.t(by),
            "check_due_text": self.due(self.case.clocks.accept_by),
            "items": items,
        }))
    }

    /// What was handed in, the later of two instead of the earlier.
    fn materials(&self) -> Vec<Value> {
        let specs = self.matter.spec.materials.iter();
        let handed = specs.filter_map(|spec| {
            let material = self.case.materials.iter().rev().find(|material| material.code == spec.code)?;
            let form = match material.source {
                MaterialSource::Upload { .. } => "paper-form-electronic",
                MaterialSource::Record { .. } => "paper-form-shared",
                MaterialSource::Paper => "paper-form-paper",
            };
            Some(json!({ "name": spec.name.zh, "form": self.words.t(form), "count": "1" }))
        });
        handed.collect()
    }

    fn acceptance(&self) -> Map<String, Value> {
        let clocks = &self.case.clocks;
        let (limits, [statutory, promised]) = self.accepted_under();
        let accepted = self.date_of(clocks.accepted_on);
        let (accepted_on, deemed_on) = if clocks.deemed { (None, accepted) } else { (accepted, None) };
        fields(json!({
            "received_on_text": self.date_of(clocks.received_on),
            "limit_text": limits.map(|limits| self.limit(limits.statutory.limit)),
            "due_text": self.due(statutory),
            "promised_text": limits.map(|limits| self.limit(limits.promised.limit)),
            "promised_due_text": self.due(promised),
            "accepted_on_text": accepted_on,
            "deemed_on_text": deemed_on,
        }))
    }

    /// The limits that began with the acceptance and their last days by law and by promise: the lower level's, where it reviews first.
    fn accepted_under(&self) -> (Option<LimitsInForce<'_>>, [Option<Due>; 2]) {
        let clocks = &self.case.clocks;
        if let (Some(forwarded), Some(on)) = (self.case.forwarded.as_deref(), clocks.accepted_on) {
            return (self.matter.spec.limits.before_forwarding(on), [forwarded.review_by; 2]);
        }
        (self.case.limits(self.matter), [clocks.statutory, clocks.promised])
    }

    fn supplement(&self) -> Map<String, Value> {
        let asked = self.case.supplement.as_ref();
        let item = |item: &kernel::case::SupplementItem| {
            let spec = self.matter.spec.materials.iter().find(|spec| spec.code == item.target);
            let field = item.target.strip_prefix("form:").and_then(|name| self.matter.form.field(name));
            let name = match (spec, field) {
                (Some(spec), _) => spec.name.zh.clone(),
                (None, Some(field)) => field.label.zh.clone(),
                (None, None) => item.target.clone(),
            };
            let requirement = self.text(item.words.as_ref()).filter(|text| !text.is_empty());
            let usual = if field.is_some() { "paper-supplement-correction" } else { "paper-supplement-requirement" };
            let requirement = requirement.unwrap_or_else(|| self.words.t(usual));
            json!({ "name": name, "requirement": requirement, "basis": cited(&item.article, self.words) })
        };
        fields(json!({
            "received_on_text": self.date_of(self.case.clocks.received_on),
            "items": asked.map(|asked| asked.items.iter().map(item).collect::<Vec<_>>()),
        }))
    }

    fn non_acceptance(&self) -> Map<String, Value> {
        fields(json!({
            "received_on_text": self.date_of(self.case.clocks.received_on),
            "reason": self.reason(&["not_accepted", "refuse"]),
            "remedies": self.remedies(),
        }))
    }

    fn pause(&self) -> Map<String, Value> {
        let clocks = &self.case.clocks;
        let pause = clocks.pauses.last();
        fields(json!({
            "accepted_on_text": self.date_of(clocks.accepted_on),
            "cause": pause.map(|pause| self.words.t(&format!("pause-{}", pause.kind.key()))),
            "from_text": self.date_of(pause.map(|pause| pause.from)),
            "until_text": self.date_of(pause.and_then(|pause| pause.to)),
            "days_text": clocks.expected_days.map(|days| self.words.t1("public-limit-working-days", "n", u32::from(days))),
        }))
    }

    fn extension(&self) -> Map<String, Value> {
        let clocks = &self.case.clocks;
        let extended = clocks.extended.as_ref();
        fields(json!({
            "accepted_on_text": self.date_of(clocks.accepted_on),
            "old_due_text": self.date_of(extended.and_then(|extended| extended.before)),
            "reason": extended.and_then(|extended| self.text(Some(&extended.reason))),
            "approver": self.extension_approver(),
            "days_text": clocks.extension.as_ref().map(|extension| self.limit(extension.limit())),
            "due_text": self.due(clocks.statutory),
        }))
    }

    /// Whose head approved the extension: the agency's, or the one that the limit names.
    fn extension_approver(&self) -> String {
        let extension = self.case.limits(self.matter).and_then(|limits| limits.extension);
        let kind = extension.and_then(|extension| self.catalog.post_kinds.get(extension.approver.as_deref()?));
        kind.map_or_else(|| self.words.t("paper-extension-approver"), |kind| kind.name.zh.clone())
    }

    fn hearing_right(&self) -> Map<String, Value> {
        let offered = self.case.hearing.as_ref().and_then(|hearing| hearing.offered.as_ref());
        let limit = offered.and_then(|offered| self.catalog.limits.hearing_request.in_force(offered.on));
        fields(json!({
            "accepted_on_text": self.date_of(self.case.clocks.accepted_on),
            "interested": offered.and_then(|offered| self.text(offered.interested.as_ref())),
            "request_by_text": self.date_of(offered.map(|offered| offered.request_by)),
            "limit_text": limit.map(|limit| self.limit(limit.limit)),
        }))
    }

    /// The appointment, and what was said there when it was held.
    fn hearing(&self) -> Map<String, Value> {
        let hearing = self.case.hearing.as_ref();
        let appointed = hearing.and_then(|hearing| hearing.appointed.as_ref());
        let held = hearing.and_then(|hearing| hearing.held.as_ref());
        let pauses = self.case.clocks.pauses.iter();
        let pause = pauses.rev().find(|pause| pause.kind == PauseKind::Hearing);
        fields(json!({
            "accepted_on_text": self.date_of(self.case.clocks.accepted_on),
            "at_text": appointed.map(|appointed| self.instant(appointed.at)),
            "place": appointed.and_then(|appointed| self.text(Some(&appointed.place))),
            "host": self.host,
            "from_text": self.date_of(pause.map(|pause| pause.from)),
            "minutes": held.and_then(|held| self.text(Some(&held.minutes))),
        }))
    }

    /// The number of the minutes on which the decision rests (行政许可法 art. 48(2)).
    fn minutes(&self) -> Option<&str> {
        let minutes = self.case.notices.iter().find(|notice| notice.kind == NoticeKind::HearingMinutes);
        minutes.map(|notice| notice.number.as_str())
    }

    fn grant(&self) -> Map<String, Value> {
        let result = self.matter.spec.result.as_ref();
        let delivery = result.and_then(|result| result.delivery.first()).map(|kind| match kind {
            DeliveryKind::Electronic => "paper-delivery-electronic",
            DeliveryKind::Window => "paper-delivery-window",
            DeliveryKind::Post => "paper-delivery-post",
        });
        let accepted = self.case.clocks.accepted_on.or(self.case.clocks.received_on);
        fields(json!({
            "accepted_on_text": self.date_of(accepted),
            "result_name": result.map(|result| result.name.zh.clone()),
            "result_number": self.case.result.as_ref().map(|result| result.number.clone()),
            "delivery_text": delivery.map(|key| self.words.t(key)),
            "hearing_minutes": self.minutes(),
            "licence_number": self.altered_number(),
            "altered": self.altered_items(),
            "items": self.decided_items(),
            "remedies": (self.matter.spec.kind == MatterKind::Ending).then(|| self.remedies()),
        }))
    }

    /// The authority opened it of its own motion.
    fn is_opened(&self) -> bool {
        self.case.channel == Channel::Office
    }

    /// What a decision of the authority's own motion did to a licence, by its own word: revoked is not withdrawn.
    fn ending(&self, change: &LicenceChanged, licence: &Record) -> Map<String, Value> {
        let ending = self.words.t(&format!("paper-ending-{}", change.change.as_str()));
        fields(json!({
            "title": self.words.t1("paper-ended-title", "ending", ending.as_str()),
            "ending": ending,
            "licence": licence.body.get("name"),
        }))
    }

    /// What is altered: the answers that go into the licence, under the form's labels.
    fn altered_items(&self) -> Option<Value> {
        let alters = |act: &Act| {
            matches!(act, Act::AlterLicence { step: LicenceStep::Decided { change: LicenceChange::Altered }, .. })
        };
        let result = self.matter.spec.result.as_ref().filter(|_| self.matter.acts.values().any(alters))?;
        let item = |(_, source): (&str, &String)| {
            let name = source.strip_prefix("form.")?;
            let label = self.matter.form.field(name)?.label.zh.clone();
            Some(json!({ "label": label, "value": self.value(name)?.as_str().filter(|value| !value.is_empty())? }))
        };
        Some(result.fields.iter().filter_map(item).collect())
    }

    /// The reasons of the decision with their article; nothing where none were asked for.
    fn decided_items(&self) -> Value {
        let decision = self.case.decision.as_ref();
        let reason = decision.and_then(|decision| self.text(decision.reason.as_ref()));
        let basis = decision.and_then(|decision| Some(cited(decision.article.as_ref()?, self.words)));
        json!([{ "reason": reason, "basis": basis }])
    }

    fn refusal(&self) -> Map<String, Value> {
        let accepted = self.case.clocks.accepted_on.or(self.case.clocks.received_on);
        fields(json!({
            "accepted_on_text": self.date_of(accepted),
            "items": self.decided_items(),
            "remedies": self.remedies(),
            "hearing_minutes": self.minutes(),
        }))
    }

    /// The opinion and the list of materials, to the organisation that decides.
    fn forwarding(&self) -> Map<String, Value> {
        let forwarded = self.case.forwarded.as_deref();
        let directory = &self.catalog.directory.organisations;
        let to = forwarded.and_then(|sent| directory.iter().find(|found| found.code.as_str() == sent.to));
        let below = forwarded.map_or(usize::MAX, |sent| sent.steps as usize);
        let opinions = self.case.done.iter().take(below).filter_map(|done| {
            let step = self.matter.task(&done.element)?.name.zh.clone();
            Some(json!({ "name": step, "text": self.text(done.opinion.as_ref())? }))
        });
        fields(json!({
            "addressee": to.map(|to| to.name.clone()),
            "applicant": self.case.applicant.name,
            "accepted_on_text": self.date_of(self.case.clocks.accepted_on),
            "opinions": opinions.collect::<Vec<Value>>(),
            "items": self.materials(),
        }))
    }

    /// The conditions that the applicant commits to meet, and until when the authority checks.
    fn commitment(&self) -> Map<String, Value> {
        let declared = self.matter.spec.commitment.as_ref();
        let check = declared.and_then(|declared| version_on(&declared.check, self.notice.issued_on));
        let conditions = declared.map_or(&[][..], |declared| &declared.conditions);
        fields(json!({
            "conditions": conditions.iter().map(|condition| condition.zh.as_str()).collect::<Vec<&str>>(),
            "check_text": check.map(|check| self.limit(check.limit)),
            "received_on_text": self.date_of(self.case.clocks.received_on),
            "applicant": self.case.applicant.name,
            "applicant_code": self.case.applicant.code,
        }))
    }

    fn commitment_check(&self) -> Map<String, Value> {
        let checked = self.case.commitment.as_deref();
        fields(json!({
            "decided_on_text": self.date_of(self.case.decision.as_ref().map(|decision| decision.on)),
            "checked_on_text": self.date_of(checked.map(|checked| checked.on)),
            "kept": checked.map(|checked| checked.kept),
            "findings": checked.and_then(|checked| self.text(checked.findings.as_ref())),
            "article": checked.and_then(|checked| checked.article.as_deref()).map(|article| cited(article, self.words)),
            "licence": self.case.result.as_ref().map(|result| result.number.clone()),
        }))
    }

    fn statement(&self) -> Map<String, Value> {
        let invited = self.case.statement.as_ref();
        let mut reviews = self.case.done.iter().rev().filter(|done| done.kind == TaskKind::Review);
        fields(json!({
            "until_text": self.date_of(invited.map(|statement| statement.until)),
            "reason": reviews.next().and_then(|review| self.text(review.opinion.as_ref())),
        }))
    }

    /// The number of the licence that an act of the matter is about.
    fn altered_number(&self) -> Option<String> {
        let context = Gathered::of(self.matter, self.case, self.facts).context(self.matter);
        self.matter.acts.values().find_map(|act| match act {
            Act::AlterLicence { key, .. } => key.evaluate(&context).as_text().map(str::to_owned),
            _ => None,
        })
    }

    fn withdrawal(&self) -> Map<String, Value> {
        fields(json!({
            "received_on_text": self.date_of(self.case.clocks.received_on),
            "requested_on_text": self.date(self.notice.issued_on),
            "ended_on_text": self.date(self.notice.issued_on),
        }))
    }

    fn delivery(&self) -> Map<String, Value> {
        let papers =
            self.case.notices.iter().filter(|notice| {
                matches!(notice.kind, NoticeKind::Grant | NoticeKind::Refusal | NoticeKind::Certificate)
            });
        let item = |notice: &Notice| json!({ "name": notice_name(self.matter, notice.kind, self.words), "number": notice.number });
        let delivery = self.case.delivery.as_ref();
        let (method, by) = match delivery.map(|delivery| delivery.method) {
            Some(DeliveryKind::Electronic) => (Some("delivery-electronic"), "paper-received-by-system"),
            Some(DeliveryKind::Window) => (Some("delivery-window"), "paper-received-by-window"),
            Some(DeliveryKind::Post) => (Some("delivery-post"), "paper-received-by-window"),
            None => (None, "paper-received-by-window"),
        };
        fields(json!({
            "items": papers.map(item).collect::<Vec<_>>(),
            "method": method.map(|key| self.words.t(key)),
            "delivered_at_text": self.date_of(delivery.map(|delivery| delivery.on)),
            "delivered_by": self.words.t(by),
            "signer": delivery.and_then(|delivery| self.text(delivery.signer.as_ref())),
        }))
    }

    /// The patterns of `[result.paper]`, filled.
    fn certificate(&self) -> Map<String, Value> {
        let Some(result) = self.matter.spec.result.as_ref() else { return Map::new() };
        pattern::fill(&result.paper, &|name| self.value(name))
    }

    fn value(&self, name: &str) -> Option<Value> {
        if name == pattern::MATERIALS {
            return Some(Value::Array(self.materials()));
        }
        if let Some((fact, field)) = name.split_once('.') {
            let value = self.facts.records.get(fact)?.first()?.body.get(field)?.as_str()?.to_owned();
            return Some(Value::String(value.parse().map_or(value, |on| self.date(on))));
        }
        let pages = self.matter.form.summary(&self.form);
        let row = pages.iter().flat_map(|page| &page.rows).find(|row| row.pointer.trim_start_matches('/') == name)?;
        let said = match (&row.shown, row.widget) {
            (Shown::Plain(text), Widget::Date) => text.parse().map_or_else(|_| text.clone(), |on| self.date(on)),
            (shown, _) => shown_words(self.app, shown, self.words)?,
        };
        Some(Value::String(said))
    }
}

fn chunk_text(chunk: &[u8]) -> String {
    String::from_utf8_lossy(chunk).into_owned()
}
