//! The answer to the supplement notice (补正): only what was asked for, each with the officer's words and the article.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use kernel::Command;
use kernel::case::{Case, CaseCommand, Places, SupplementAnswer};
use kernel::catalog::Matter;
use kernel::catalog::matter::Text;
use kernel::form::Page;
use kernel::{Refusal, case::Stage};
use serde::Serialize;
use serde_json::{Value, json};
use store::Submission;
use utoipa::ToSchema;

use super::send::{key, open_form, secrets_of};
use super::{Draft, DraftFile, Owner, files};
use crate::api::schema;
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::Identity;

/// One line of the notice and what was given for it so far.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = AskedLine)]
pub struct SupplementLine {
    /// Material code or field name.
    pub target: String,
    /// A field of the form, not a material.
    pub is_field: bool,
    /// What it is called.
    #[schema(value_type = schema::Text)]
    pub name: Text,
    /// The officer's words; empty once erased.
    pub words: String,
    /// Law and article.
    pub article: String,
    /// The file given.
    pub file: Option<DraftFile>,
    /// Something was given.
    pub given: bool,
}

/// What is asked for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SupplementView {
    /// The case.
    pub case: String,
    /// Its number.
    pub number: String,
    /// The day the notice was sent.
    #[schema(value_type = String, format = Date)]
    pub asked_on: Date,
    /// Its lines.
    pub lines: Vec<SupplementLine>,
    /// The form with what was changed so far.
    #[schema(value_type = Object)]
    pub form: Value,
    /// Everything is there.
    pub ready: bool,
}

/// A field's name from a line's target, `form:name`.
fn field_of(target: &str) -> Option<&str> {
    target.strip_prefix("form:")
}

/// The draft in which an answer is kept.
fn draft_id(case: &Case) -> String {
    format!("supplement-{}", case.id)
}

/// The fields asked for, as a page of their own.
pub(crate) fn page_of(case: &Case) -> Page {
    let items = case.supplement.iter().flat_map(|supplement| &supplement.items);
    let fields = items.filter_map(|item| field_of(&item.target)).map(str::to_owned).collect();
    let none = Text::default();
    Page { id: "supplement".to_owned(), title: none.clone(), question: none.clone(), hint: none, fields }
}

impl App {
    /// The answer as it stands, begun when there is none yet.
    async fn supplement_draft(&self, identity: &Identity, id: &str) -> Result<(Case, Arc<Matter>, Draft)> {
        let case = self.own_case(identity, id).await?;
        if case.stage != Stage::SupplementAsked {
            return Err(Refusal::WrongStage { stage: case.stage }.into());
        }
        let matter = self.matter_at(&case.matter, &case.catalog).await?;
        let draft = match self.draft(identity, &draft_id(&case)).await {
            Ok((draft, _)) => draft,
            Err(_) => Draft {
                id: draft_id(&case),
                matter: case.matter.clone(),
                kind: case.applicant.kind,
                applicant_code: case.applicant.code.clone(),
                applicant_name: case.applicant.name.clone(),
                form: json!({}),
                saved: BTreeSet::new(),
                files: BTreeMap::new(),
                paper: BTreeSet::new(),
                subject: None,
                unsaved: BTreeMap::new(),
            },
        };
        Ok((case, matter, draft))
    }

    /// What is asked for and what was given.
    pub async fn supplement(&self, identity: &Identity, id: &str) -> Result<SupplementView> {
        let (case, matter, draft) = self.supplement_draft(identity, id).await?;
        let supplement = case.supplement.clone().ok_or_else(Error::not_found)?;
        let subject = case.applicant.subject;
        let wanted = supplement.items.iter().filter_map(|item| Some((subject, item.words.as_ref()?.field.clone())));
        let wanted: Vec<_> = wanted.collect();
        let fields: Vec<String> = wanted.iter().map(|(_, field)| field.clone()).collect();
        let opened = self.store().read(move |reader| reader.open(&wanted)).await?;
        let words: BTreeMap<String, String> = fields
            .into_iter()
            .zip(opened)
            .filter_map(|(field, opened)| Some((field, opened.value()?.to_owned())))
            .collect();
        let mut lines = Vec::new();
        for item in &supplement.items {
            let said =
                item.words.as_ref().and_then(|commitment| words.get(&commitment.field)).cloned().unwrap_or_default();
            let article = item.article.clone();
            lines.push(match field_of(&item.target) {
                Some(name) => SupplementLine {
                    target: name.to_owned(),
                    is_field: true,
                    name: matter.form.field(name).map(|field| field.label.clone()).unwrap_or_default(),
                    words: said,
                    article,
                    file: None,
                    given: draft.form.get(name).is_some(),
                },
                None => {
                    let spec = matter.spec.materials.iter().find(|material| material.code == item.target);
                    let file = draft.files.get(&item.target).cloned();
                    SupplementLine {
                        target: item.target.clone(),
                        is_field: false,
                        name: spec.map(|spec| spec.name.clone()).unwrap_or_default(),
                        words: said,
                        article,
                        given: file.is_some(),
                        file,
                    }
                }
            });
        }
        let mut form = self.whole_form(&case, &matter).await?;
        if let (Some(form), Some(changed)) = (form.as_object_mut(), draft.form.as_object()) {
            form.extend(changed.clone());
        }
        let ready = lines.iter().all(|line| line.given);
        Ok(SupplementView {
            case: case.id.to_string(),
            number: case.number,
            asked_on: supplement.asked_on,
            lines,
            form,
            ready,
        })
    }

    /// The whole form of a case, personal values put back.
    pub(crate) async fn whole_form(&self, case: &Case, matter: &Matter) -> Result<Value> {
        let personal = self.personal_fields(case).await?;
        let open = Value::Object(case.form.clone());
        Ok(matter.form.join(&open, personal.iter().map(|(pointer, value)| (pointer.as_str(), value.clone()))))
    }

    /// The case, its matter and the page of fields asked for.
    pub async fn supplement_page(&self, identity: &Identity, id: &str) -> Result<(Arc<Matter>, Page)> {
        let (case, matter, _) = self.supplement_draft(identity, id).await?;
        Ok((matter, page_of(&case)))
    }

    /// Saves the fields asked for.
    pub async fn save_supplement(&self, identity: &Identity, id: &str, given: &[(String, String)]) -> Result<()> {
        let owner = Owner::of(identity)?;
        let (case, matter, mut draft) = self.supplement_draft(identity, id).await?;
        let page = page_of(&case);
        let form = self.whole_form(&case, &matter).await?;
        let values = matter.form.parse_page(&page, &form, given).map_err(Error::Invalid)?;
        draft.form = Value::Object(values);
        self.keep(&owner, &draft).await
    }

    /// Is the material asked for? Then an upload may begin; the answer is kept in the draft of this id.
    pub async fn supplement_upload(&self, identity: &Identity, id: &str, code: &str) -> Result<(Arc<Matter>, String)> {
        let owner = Owner::of(identity)?;
        let (case, matter, draft) = self.supplement_draft(identity, id).await?;
        let asked = case.supplement.iter().flat_map(|supplement| &supplement.items).any(|item| item.target == code);
        if !asked {
            return Err(Refusal::SupplementBeyond { target: code.to_owned() }.into());
        }
        files::material(&matter, code)?;
        self.keep(&owner, &draft).await?;
        Ok((matter, draft.id))
    }

    /// Sends the answer.
    pub async fn send_supplement(&self, identity: &Identity, id: &str, nonce: &str) -> Result<()> {
        let (owner, case) = (Owner::of(identity)?, self.own_case(identity, id).await?);
        let key = key(&owner, nonce, &format!("supplement {}", case.id));
        if self.first_answer(key.clone()).await?.is_some() {
            return Ok(());
        }
        let (case, matter, draft) = self.supplement_draft(identity, id).await?;
        let mut facts = self.facts_for_case(&case).await?;
        let split = matter.form.split(&draft.form);
        let mut entropy = self.entropy();
        let places = Places::of(case.id, case.clocks.round + 1);
        let mut secrets = secrets_of(&places, &owner, &split.sealed, &mut entropy);
        facts.personal.extend(split.sealed.iter().map(|sealed| (sealed.pointer.clone(), sealed.value.clone())));
        let mut materials = Vec::new();
        for (code, file) in &draft.files {
            let (material, more) = files::handed_in(&places, owner.subject, code, file, &mut entropy);
            materials.push(material);
            secrets.extend(more);
        }
        let answer = SupplementAnswer { form: open_form(split.open), secrets, materials };
        let submission = Submission {
            command: Command::Case { case: case.id, command: CaseCommand::Supplement(Box::new(answer)) },
            actor: identity.actor(),
            facts,
            key: Some(key),
            entered_at: None,
        };
        self.store().submit(submission).await?;
        self.forget_draft(identity, &draft.id).await
    }
}
