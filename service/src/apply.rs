//! The applicant's side of any matter: a draft that is kept, its pages and files, handing in, supplementing, taking back, looking up.
//!
//! A draft is a sealed row for thirty days, not a stream (matter.md §7). Its id becomes the case's id when it is handed in, so that a second
//! submission of the same draft, whatever its key, finds the case instead of making another.

mod applicant;
mod cases;
mod files;
mod opening;
mod send;
mod supplement;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::id::{AccountId, CaseId, DraftId, SubjectId};
use kernel::catalog::matter::{ApplicantKind, MaterialSource, OpenedBy, Text};
use kernel::catalog::{Matter, TargetClass};
use kernel::form::{Field, Widget};
use kernel::policy::Scope;
use kernel::rules::{Evaluation, Evidence, Inputs};
use kernel::{Facts, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::api::schema;
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::Identity;

pub(crate) use applicant::{is_of_applicant, typed_text};
pub use cases::{CaseView, ClockLine, MyCase, NoticeView, Progress, Verified, plain_code};
pub use files::{FileSink, UPLOAD_BYTES_MAX, handed_in, upload_rules};
pub use send::Receipt;
pub use supplement::{SupplementLine, SupplementView};

/// Drafts of one account: more are old ones forgotten, not work.
const DRAFTS_MAX: usize = 50;

/// A draft of an application (草稿).
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Draft {
    /// Id, in time the case's.
    pub id: String,
    /// Matter code.
    pub matter: String,
    /// For whom: organisation or person.
    #[schema(value_type = schema::ApplicantKind)]
    pub kind: ApplicantKind,
    /// Credit code of the organisation, else empty.
    pub applicant_code: String,
    /// Its name, else empty.
    pub applicant_name: String,
    /// Values of the form so far: what the matter's schema `form-<matter>` describes.
    #[schema(value_type = Object)]
    pub form: Value,
    /// Pages that were saved.
    pub saved: BTreeSet<String>,
    /// Files by material code.
    pub files: BTreeMap<String, DraftFile>,
    /// Materials that were shown on paper at the window and kept there.
    #[serde(default)]
    pub paper: BTreeSet<String>,
    /// Whose personal values these are, when a window clerk writes for someone: a subject of the case's own.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub subject: Option<SubjectId>,
    /// What was typed on a page that could not be saved yet, by page.
    #[serde(default)]
    pub unsaved: BTreeMap<String, Vec<(String, String)>>,
}

/// A file of a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DraftFile {
    /// SHA-256 of its bytes, hex.
    pub hash: String,
    /// Media type by content.
    pub media: String,
    /// Bytes.
    pub bytes: u64,
    /// Its name.
    pub name: String,
    /// Sealed under the applicant's key.
    pub sealed: bool,
}

/// Where a page of the form stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PageState {
    /// Nothing was saved.
    NotStarted,
    /// Saved, but something is missing or wrong now.
    InProgress,
    /// Saved and right.
    Done,
}

/// One page in the list of what is to do.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PageView {
    /// Id.
    pub id: String,
    /// Title.
    #[schema(value_type = schema::Text)]
    pub title: Text,
    /// Where it stands.
    pub state: PageState,
}

/// One material, and where it is.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct MaterialView {
    /// Code.
    pub code: String,
    /// Name.
    #[schema(value_type = schema::Text)]
    pub name: Text,
    /// What to hand in.
    #[schema(value_type = schema::Text)]
    pub hint: Text,
    /// Whether this application needs it; none = a person decides.
    pub required: Option<bool>,
    /// The file given.
    pub file: Option<DraftFile>,
    /// A register has it, so it is not asked for (免交).
    pub in_register: bool,
    /// The declaration in the form is enough.
    pub in_form: bool,
    /// It was shown on paper at the window.
    pub on_paper: bool,
    /// It can be uploaded.
    pub may_upload: bool,
    /// Law and article.
    pub basis: String,
}

impl MaterialView {
    /// It is needed and nowhere to be found.
    pub fn is_missing(&self) -> bool {
        let given = self.file.is_some() || self.on_paper || self.in_register || self.in_form;
        self.required == Some(true) && !given
    }
}

/// A draft as the list of tasks and the page before submission show it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DraftView {
    /// The draft.
    pub draft: Draft,
    /// Name of the matter.
    #[schema(value_type = schema::Text)]
    pub name: Text,
    /// Pages of the form.
    pub pages: Vec<PageView>,
    /// Materials.
    pub materials: Vec<MaterialView>,
    /// The form may be handed in. Missing materials do not hinder it: the authority takes the application and says once what lacks.
    pub ready: bool,
    /// No permit is needed, say the rules.
    pub exempt: Option<bool>,
    /// Name of the organisation that will handle it.
    pub organisation: Option<String>,
}

/// A draft in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DraftLine {
    /// Id.
    pub id: String,
    /// Name of the matter.
    #[schema(value_type = schema::Text)]
    pub name: Text,
    /// For whom.
    pub applicant: String,
    /// Last saved, µs UTC.
    pub saved_at: i64,
}

/// The person who applies.
pub(crate) struct Owner {
    pub(crate) account: AccountId,
    pub(crate) subject: SubjectId,
    pub(crate) represents: Vec<String>,
}

impl Owner {
    pub(crate) fn of(identity: &Identity) -> Result<Self> {
        match identity {
            Identity::Applicant { account, subject, represents, .. } => {
                Ok(Self { account: *account, subject: *subject, represents: represents.clone() })
            }
            // A window clerk writes for someone who has no account: each draft has a subject of its own.
            Identity::Officer { account, .. } => {
                Ok(Self { account: *account, subject: SubjectId::from_uuid(account.uuid()), represents: Vec::new() })
            }
        }
    }

    /// The same for a draft: with the subject that its values belong to.
    pub(crate) fn filing(self, draft: &Draft) -> Self {
        Self { subject: draft.subject.unwrap_or(self.subject), ..self }
    }
}

/// A draft on its way into the store.
struct Drafted {
    id: String,
    account: String,
    subject: String,
    matter: String,
    body: Value,
    at: i64,
}

impl Drafted {
    fn put(&self, writes: &mut store::Writes<'_>) -> std::result::Result<(), store::Fault> {
        writes.put_draft(&self.id, &self.account, &self.subject, &self.matter, &self.body, self.at)
    }
}

impl Draft {
    fn applicant(&self) -> Value {
        json!({
            "id": self.applicant_code, "code": self.applicant_code, "name": self.applicant_name, "kind": self.kind,
        })
    }

    /// What was handed in, as the rules read it: a paper counts as given, and nobody can read it but a person.
    fn uploads(&self) -> BTreeMap<String, String> {
        let files = self.files.iter().map(|(code, file)| (code.clone(), file.hash.clone()));
        self.paper.iter().map(|code| (code.clone(), String::new())).chain(files).collect()
    }
}

impl App {
    /// Starts a draft for an organisation that the account represents, or for the person themself when the code is empty; at the window, for
    /// whoever stands there. A repeat finds the draft of the first.
    pub async fn start_draft(&self, identity: &Identity, matter: &str, code: &str, nonce: &str) -> Result<Draft> {
        self.begin_draft(identity, matter, code, Map::new(), nonce).await
    }

    /// The same with what is known of the form already.
    async fn begin_draft(
        &self,
        identity: &Identity,
        matter: &str,
        code: &str,
        form: Map<String, Value>,
        nonce: &str,
    ) -> Result<Draft> {
        let owner = Owner::of(identity)?;
        // Typed from a paper as often as not.
        let code = &*code.trim().to_uppercase();
        let key = send::key(&owner, nonce, &format!("start {matter} {code} {form:?}"));
        let matter = self.matter(matter).ok_or_else(Error::not_found)?;
        let kind = if code.is_empty() { ApplicantKind::Person } else { ApplicantKind::Organisation };
        if !matter.spec.applicant.contains(&kind) {
            return Err(Refusal::ApplicantKind.into());
        }
        let at_window = identity.post().is_some();
        // Nobody applies for what the authority opens of its own motion, and the window opens nothing.
        let by_authority = matter.spec.opened_by == OpenedBy::Authority;
        if let Some(post) = identity.post() {
            let action = if by_authority { "case.open" } else { "case.receive" };
            let scope = Scope::of_post(&self.catalog().grants, post, action, TargetClass::Matter);
            if scope.is_empty() {
                return Err(Refusal::Forbidden { action: action.to_owned() }.into());
            }
        } else if by_authority {
            return Err(Refusal::ApplicantKind.into());
        }
        if !at_window && !code.is_empty() && !owner.represents.iter().any(|represented| represented == code) {
            return Err(Refusal::NotRepresented { code: code.to_owned() }.into());
        }
        let applicant_name = if code.is_empty() { String::new() } else { self.applicant_name(&matter, code).await? };
        let mut draft = Draft {
            id: self.new_draft().to_string(),
            matter: matter.code().to_string(),
            kind,
            applicant_code: code.to_owned(),
            applicant_name,
            form: Value::Object(form),
            saved: BTreeSet::new(),
            files: BTreeMap::new(),
            paper: BTreeSet::new(),
            subject: at_window.then(|| self.new_subject()),
            unsaved: BTreeMap::new(),
        };
        self.prefill(&matter, &mut draft).await?;
        let (put, at) = (self.drafted(&owner, &draft), self.now().as_microsecond());
        let written = self.store().write(move |writes| {
            if let Some(first) = writes.reply(&key)? {
                return Ok(Some(first));
            }
            writes.put_reply(&key, &put.id.clone().into(), at)?;
            put.put(writes).map(|()| None)
        });
        match written.await.map_err(Error::Fault)? {
            None => Ok(draft),
            Some(Ok(first)) => Ok(self.draft(identity, first.as_str().unwrap_or_default()).await?.0),
            Some(Err(store::KeyReused)) => Err(Error::KeyReused),
        }
    }

    /// The drafts of an account.
    pub async fn drafts(&self, identity: &Identity) -> Result<Vec<DraftLine>> {
        let account = Owner::of(identity)?.account.to_string();
        let items = self.store().read(move |reader| reader.drafts(&account)).await?;
        let line = |item: store::DraftItem| {
            let draft: Draft = serde_json::from_value(item.body?).ok()?;
            let name = self.matter(&draft.matter)?.spec.name.clone();
            let is_application = draft.id.parse::<DraftId>().is_ok();
            is_application.then_some(DraftLine {
                id: draft.id,
                name,
                applicant: draft.applicant_name,
                saved_at: item.updated_at,
            })
        };
        Ok(items.into_iter().filter_map(line).take(DRAFTS_MAX).collect())
    }

    /// A draft of the account and its matter.
    pub async fn draft(&self, identity: &Identity, id: &str) -> Result<(Draft, Arc<Matter>)> {
        let (account, wanted) = (Owner::of(identity)?.account.to_string(), id.to_owned());
        let item = self.store().read(move |reader| reader.draft(&account, &wanted)).await?;
        let body = item.and_then(|item| item.body).ok_or_else(Error::not_found)?;
        let draft: Draft = serde_json::from_value(body).map_err(|_| Error::not_found())?;
        let matter = self.matter(&draft.matter).ok_or_else(Error::not_found)?;
        Ok((draft, matter))
    }

    /// Throws a draft of the account away; another's is not found.
    pub async fn remove_draft(&self, identity: &Identity, id: &str) -> Result<()> {
        self.draft(identity, id).await?;
        self.forget_draft(identity, id).await
    }

    /// The draft became a case, or the answer to a notice: it is not needed, if it ever was kept.
    async fn forget_draft(&self, identity: &Identity, id: &str) -> Result<()> {
        let (account, id) = (Owner::of(identity)?.account.to_string(), id.to_owned());
        self.store().write(move |writes| writes.remove_draft(&id, &account)).await.map_err(Error::Fault)
    }

    /// Saves one page. What is wrong comes back; then nothing is saved.
    pub async fn save_page(
        &self,
        identity: &Identity,
        id: &str,
        page: &str,
        given: &[(String, String)],
    ) -> Result<Draft> {
        let owner = Owner::of(identity)?;
        let (mut draft, matter) = self.draft(identity, id).await?;
        let page = matter.form.page(page).ok_or_else(Error::not_found)?;
        let known = self.registered(&matter, &draft).await?;
        let given = applicant::as_registered(&matter, &known, given);
        let values = matter.form.parse_page(page, &draft.form, &given).map_err(Error::Invalid)?;
        draft.form = matter.form.merge(&draft.form, page, values);
        draft.saved.insert(page.id.clone());
        draft.unsaved.remove(&page.id);
        applicant::name_as_stated(&matter, &mut draft);
        self.prefill(&matter, &mut draft).await?;
        self.keep(&owner, &draft).await?;
        Ok(draft)
    }

    /// Saves a page before an item is added to one of its lists, and gives the new item's place. What does not stand yet is kept as it was
    /// typed: the list may be the very thing that is missing.
    pub async fn save_before_item(
        &self,
        identity: &Identity,
        id: &str,
        page: &str,
        list: &str,
        given: &[(String, String)],
    ) -> Result<usize> {
        let saved = self.save_page(identity, id, page, given).await;
        let (mut draft, matter) = self.draft(identity, id).await?;
        list_field(&matter, list)?;
        match saved {
            Ok(_) => {}
            Err(Error::Invalid(_)) => {
                draft.unsaved.insert(page.to_owned(), given.to_vec());
                self.keep(&Owner::of(identity)?, &draft).await?;
            }
            Err(error) => return Err(error),
        }
        Ok(items(&draft.form, list).len())
    }

    /// Saves one item of a list; a new one when the index is the list's length.
    pub async fn save_item(
        &self,
        identity: &Identity,
        id: &str,
        list: &str,
        index: usize,
        given: &[(String, String)],
    ) -> Result<Draft> {
        let owner = Owner::of(identity)?;
        let (mut draft, matter) = self.draft(identity, id).await?;
        let field = list_field(&matter, list)?;
        let item = matter.form.parse_item(field, given).map_err(Error::Invalid)?;
        let mut items = items(&draft.form, list);
        let most = usize::try_from(field.items_max).unwrap_or(usize::MAX);
        if index > items.len() || index >= most {
            return Err(Error::not_found());
        }
        items.truncate(most);
        match items.get_mut(index) {
            Some(place) => *place = Value::Object(item),
            None => items.push(Value::Object(item)),
        }
        set(&mut draft.form, list, Value::Array(items));
        self.keep(&owner, &draft).await?;
        Ok(draft)
    }

    /// Removes one item of a list.
    pub async fn remove_item(&self, identity: &Identity, id: &str, list: &str, index: usize) -> Result<Draft> {
        let owner = Owner::of(identity)?;
        let (mut draft, matter) = self.draft(identity, id).await?;
        list_field(&matter, list)?;
        let mut items = items(&draft.form, list);
        if index >= items.len() {
            return Err(Error::not_found());
        }
        items.remove(index);
        set(&mut draft.form, list, Value::Array(items));
        self.keep(&owner, &draft).await?;
        Ok(draft)
    }

    /// The draft as the list of tasks and the page before submission show it.
    pub async fn check_answers(&self, identity: &Identity, id: &str) -> Result<DraftView> {
        let (draft, matter) = self.draft(identity, id).await?;
        let facts = self.facts_of_draft(&matter, &draft).await?;
        let evaluation = evaluate(&matter, &draft, &facts);
        let errors = matter.form.validate(&draft.form);
        let wrong = |names: &[String]| {
            names.iter().any(|name| {
                let (exact, below) = (format!("/{name}"), format!("/{name}/"));
                errors.iter().any(|error| error.pointer == exact || error.pointer.starts_with(&below))
            })
        };
        let pages = matter.form.pages().iter().map(|page| PageView {
            id: page.id.clone(),
            title: page.title.clone(),
            state: match (draft.saved.contains(&page.id), wrong(&page.fields)) {
                (false, _) => PageState::NotStarted,
                (true, true) => PageState::InProgress,
                (true, false) => PageState::Done,
            },
        });
        let states = evaluation.checks.materials.iter();
        let materials = matter.spec.materials.iter().zip(states).map(|(spec, state)| MaterialView {
            code: spec.code.clone(),
            name: spec.name.clone(),
            hint: spec.hint.clone(),
            required: state.required,
            file: draft.files.get(&spec.code).cloned(),
            in_register: matches!(state.given, Some(Evidence::Record { .. })),
            in_form: spec.from.contains(&MaterialSource::Form),
            on_paper: draft.paper.contains(&spec.code),
            may_upload: spec.may_upload(),
            basis: spec.basis.clone(),
        });
        Ok(DraftView {
            name: matter.spec.name.clone(),
            pages: pages.collect(),
            materials: materials.collect(),
            ready: errors.is_empty(),
            exempt: evaluation.exempt,
            organisation: facts.organisation.map(|organisation| organisation.name),
            draft,
        })
    }

    /// Keeps a draft.
    async fn keep(&self, owner: &Owner, draft: &Draft) -> Result<()> {
        let put = self.drafted(owner, draft);
        self.store().write(move |writes| put.put(writes)).await.map_err(Error::Fault)
    }

    fn drafted(&self, owner: &Owner, draft: &Draft) -> Drafted {
        Drafted {
            id: draft.id.clone(),
            account: owner.account.to_string(),
            subject: draft.subject.unwrap_or(owner.subject).to_string(),
            matter: draft.matter.clone(),
            body: serde_json::to_value(draft).unwrap_or_default(),
            at: self.now().as_microsecond(),
        }
    }

    /// Facts for a draft: of the organisation that will handle it, as far as it is known.
    async fn facts_of_draft(&self, matter: &Arc<Matter>, draft: &Draft) -> Result<Facts> {
        match self.submission_facts(matter, draft).await {
            Err(Error::Refused(Refusal::NotFound)) => {
                let mut facts = self.facts();
                facts.matter = Some(Arc::clone(matter));
                Ok(facts)
            }
            other => other,
        }
    }

    /// Facts for handing in: the rules route by what the form says, and the organisation of that region handles it.
    async fn submission_facts(&self, matter: &Arc<Matter>, draft: &Draft) -> Result<Facts> {
        let stated = region_field(matter.form.fields()).and_then(|field| draft.form.get(&field.name)?.as_str());
        let region = stated.map_or_else(|| self.settings().region.to_string(), str::to_owned);
        let organisation = self.organisation_of(&region).await?;
        let applicant = draft.applicant();
        let facts = self.facts_for(Arc::clone(matter), &organisation.code, &draft.form, &applicant).await?;
        match evaluate(matter, draft, &facts).routing {
            Some(routing) if routing.region != organisation.region => {
                let organisation = self.organisation_of(routing.region.as_str()).await?;
                self.facts_for(Arc::clone(matter), &organisation.code, &draft.form, &applicant).await
            }
            _ => Ok(facts),
        }
    }
}

/// What the rules say of a draft.
fn evaluate(matter: &Matter, draft: &Draft, facts: &Facts) -> Evaluation {
    let (applicant, uploads) = (draft.applicant(), draft.uploads());
    matter.evaluate(&Inputs {
        on: facts.today,
        form: &draft.form,
        applicant: &applicant,
        uploads: &uploads,
        outcomes: &BTreeMap::new(),
        facts: &facts.records,
    })
}

/// The first field that asks for a place.
fn region_field(fields: &[Field]) -> Option<&Field> {
    fields.iter().find(|field| field.widget == Widget::Region)
}

/// The public line of an application: what names the thing it is about, else the matter. A field that is filled from the label of a
/// register's record names that record.
fn title(matter: &Matter, form: &Value) -> String {
    let names_its_thing = |field: &&Field| {
        let Some((fact, path)) = field.prefill.as_deref().and_then(|path| path.split_once('.')) else { return false };
        let register = matter.spec.facts.get(fact).and_then(|spec| matter.registers.get(&spec.register));
        !field.class.is_sealed() && register.is_some_and(|register| register.spec.label == path)
    };
    let named = matter.form.fields().iter().find(names_its_thing);
    let said = named.and_then(|field| form.get(&field.name)?.as_str()).filter(|text| !text.is_empty());
    said.unwrap_or(&matter.spec.name.zh).to_owned()
}

fn list_field<'a>(matter: &'a Matter, name: &str) -> Result<&'a Field> {
    matter.form.field(name).filter(|field| field.widget == Widget::Items).ok_or_else(Error::not_found)
}

fn items(form: &Value, list: &str) -> Vec<Value> {
    form.get(list).and_then(Value::as_array).cloned().unwrap_or_default()
}

fn set(form: &mut Value, name: &str, value: Value) {
    if !form.is_object() {
        *form = Value::Object(Map::new());
    }
    if let Some(map) = form.as_object_mut() {
        map.insert(name.to_owned(), value);
    }
}

/// The case that a draft becomes.
fn case_of(draft: &str) -> Result<CaseId> {
    draft.parse::<DraftId>().map(|id| CaseId::from_uuid(id.uuid())).map_err(|_| Error::not_found())
}

#[cfg(test)]
mod tests;
