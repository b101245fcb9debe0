//! Handing in: the draft becomes a case.

use base::id::{AccountId, CaseId};
use jiff::civil::Date;
use kernel::case::{CaseCommand, Channel, Material, MaterialSource, Places, Submit};
use kernel::catalog::Matter;
use kernel::catalog::matter::{DeliveryKind, OpenedBy};
use kernel::sealed::Secret;
use kernel::{Command, Facts, State, StreamId};
use serde::Serialize;
use serde_json::{Map, Value};
use store::{IdempotencyKey, Submission, SubmitError};
use utoipa::ToSchema;

use super::{Draft, Owner, case_of, files, title};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::Identity;

/// What the applicant gets at once: the number and by when the authority answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Receipt {
    /// The case.
    pub case: String,
    /// Case number.
    pub number: String,
    /// The day that counts as the day of receipt.
    #[schema(value_type = Option<String>, format = Date)]
    pub received_on: Option<Date>,
    /// The last day of the acceptance check.
    #[schema(value_type = Option<String>, format = Date)]
    pub accept_by: Option<Date>,
}

impl Receipt {
    fn of(case: CaseId, reply: &Value) -> Self {
        let text = |name: &str| reply.get(name).and_then(Value::as_str).unwrap_or_default();
        Self {
            case: case.to_string(),
            number: text("number").to_owned(),
            received_on: text("received_on").parse().ok(),
            accept_by: text("accept_by").parse().ok(),
        }
    }
}

/// The name of a wish: the form's nonce, and what was asked for in words that two clicks share.
pub(super) fn key(owner: &Owner, nonce: &str, wish: &str) -> IdempotencyKey {
    IdempotencyKey {
        account: owner.account.to_string(),
        key: nonce.to_owned(),
        body_hash: journal::commit(&[0; 16], wish.as_bytes()).0,
    }
}

fn submit_wish(case: CaseId) -> String {
    format!("submit {case}")
}

/// Values of personal fields as the vault keeps them.
pub(super) fn secrets_of(
    places: &Places,
    owner: &Owner,
    sealed: &[kernel::form::Sealed],
    entropy: &mut kernel::sealed::Entropy,
) -> Vec<Secret> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let secret = |sealed: &kernel::form::Sealed| Secret {
        subject: owner.subject,
        field: places.form(&sealed.pointer),
        salt: entropy.bytes16(),
        value: text(&sealed.value),
    };
    sealed.iter().map(secret).collect()
}

impl App {
    /// What was answered when the same wish came before: asked first where what it was about may be gone by now.
    pub(crate) async fn first_answer(&self, key: IdempotencyKey) -> Result<Option<Value>> {
        let known = self.store().read(move |reader| reader.reply(&key)).await?;
        known.transpose().map_err(|store::KeyReused| Error::KeyReused)
    }

    /// Hands a draft in. A repeated submission finds the case of the first.
    pub async fn submit_draft(&self, identity: &Identity, id: &str, nonce: &str) -> Result<Receipt> {
        let (draft, matter) = match self.draft(identity, id).await {
            Ok(found) => found,
            // The draft went when the first click handed it in.
            Err(error) => {
                let (owner, case) = (Owner::of(identity)?, case_of(id)?);
                return match self.first_answer(key(&owner, nonce, &submit_wish(case))).await? {
                    Some(reply) => Ok(Receipt::of(case, &reply)),
                    None => self.receipt(identity, id).await.map_err(|_| error),
                };
            }
        };
        let receipt = self.hand_in(identity, &matter, &draft, nonce).await?;
        self.forget_draft(identity, id).await?;
        Ok(receipt)
    }

    /// Makes a case of an application whose form stands and whose files are stored.
    pub async fn hand_in(&self, identity: &Identity, matter: &Matter, draft: &Draft, nonce: &str) -> Result<Receipt> {
        let (owner, case) = (Owner::of(identity)?.filing(draft), case_of(&draft.id)?);
        let mut draft = draft.clone();
        self.prefill_applicant(matter, &mut draft).await?;
        let draft = &draft;
        let errors = matter.form.validate(&draft.form);
        if !errors.is_empty() {
            return Err(Error::Invalid(errors));
        }
        let mut again = true;
        loop {
            match self.try_submit(identity, &owner, case, draft, nonce).await? {
                Ok(receipt) => return Ok(Receipt::of(case, &receipt.reply)),
                // A register changed between reading and deciding: its rows are read again, once.
                Err(SubmitError::Stale) if again => again = false,
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn try_submit(
        &self,
        identity: &Identity,
        owner: &Owner,
        case: CaseId,
        draft: &Draft,
        nonce: &str,
    ) -> Result<std::result::Result<store::Receipt, SubmitError>> {
        let matter = self.matter(&draft.matter).ok_or_else(Error::not_found)?;
        let mut facts = self.submission_facts(&matter, draft).await?;
        let split = matter.form.split(&draft.form);
        let mut entropy = self.entropy();
        let places = Places::of(case, 1);
        let mut secrets = secrets_of(&places, owner, &split.sealed, &mut entropy);
        facts.personal = split.sealed.iter().map(|sealed| (sealed.pointer.clone(), sealed.value.clone())).collect();
        let mut materials = Vec::new();
        for (code, file) in &draft.files {
            let (material, more) = files::handed_in(&places, owner.subject, code, file, &mut entropy);
            materials.push(material);
            secrets.extend(more);
        }
        materials.extend(draft.paper.iter().map(|code| Material { code: code.clone(), source: MaterialSource::Paper }));
        let at_window = identity.post().is_some();
        let (channel, account) = match (matter.spec.opened_by, at_window) {
            (OpenedBy::Authority, _) => (Channel::Office, self.account_of_holder(&facts, &draft.applicant_code).await?),
            (OpenedBy::Applicant, true) => (Channel::Window, None),
            (OpenedBy::Applicant, false) => (Channel::Online, Some(owner.account)),
        };
        let submit = Submit {
            channel,
            applicant_kind: draft.kind,
            subject: owner.subject,
            applicant_code: draft.applicant_code.clone(),
            applicant_name: draft.applicant_name.clone(),
            account,
            title: title(&matter, &split.open),
            form: open_form(split.open),
            secrets,
            materials,
        };
        let submission = Submission {
            command: Command::Case { case, command: CaseCommand::Submit(Box::new(submit)) },
            actor: identity.actor(),
            facts,
            key: Some(key(owner, nonce, &submit_wish(case))),
            entered_at: None,
        };
        Ok(self.store().submit(submission).await)
    }

    /// The account of a licence's holder: the one that owns the case it came from. It reads and answers what the authority opens; a holder
    /// whose licence came otherwise is reached on paper.
    async fn account_of_holder(&self, facts: &Facts, holder: &str) -> Result<Option<AccountId>> {
        let licences: Vec<StreamId> = facts.read.iter().map(|(stream, _)| stream.clone()).collect();
        let holder = holder.to_owned();
        let found = self.store().read(move |reader| {
            for stream in &licences {
                let Some((_, State::Record(record))) = reader.state(stream)? else { continue };
                let Some(source) = record.source else { continue };
                let Some((_, State::Case(case))) = reader.state(&StreamId::case(source))? else { continue };
                if case.applicant.code == holder && case.applicant.account.is_some() {
                    return Ok(case.applicant.account);
                }
            }
            Ok(None)
        });
        Ok(found.await?)
    }

    /// States the party's case before the authority decides of its own motion.
    pub async fn state_case(&self, identity: &Identity, id: &str, words: String, nonce: &str) -> Result<()> {
        let wish = format!("state {words}");
        self.own_act(identity, id, CaseCommand::State { words }, &wish, nonce).await
    }

    /// The receipt of a case of the account.
    pub async fn receipt(&self, identity: &Identity, id: &str) -> Result<Receipt> {
        let case = self.own_case(identity, id).await?;
        Ok(Receipt {
            case: case.id.to_string(),
            number: case.number,
            received_on: case.clocks.received_on,
            accept_by: case.clocks.accept_by.map(|due| due.on),
        })
    }

    /// Takes an application back, at any time before the decision.
    pub async fn withdraw(&self, identity: &Identity, id: &str, reason: Option<String>, nonce: &str) -> Result<()> {
        let wish = format!("withdraw {}", reason.as_deref().unwrap_or_default());
        self.own_act(identity, id, CaseCommand::Withdraw { reason }, &wish, nonce).await
    }

    /// Asks for the hearing that was offered, or declines it (行政许可法 art. 47).
    pub async fn answer_hearing(&self, identity: &Identity, id: &str, wants: bool, nonce: &str) -> Result<()> {
        let (command, wish) = if wants {
            (CaseCommand::RequestHearing { party: None }, "request-hearing")
        } else {
            (CaseCommand::DeclineHearing { party: None }, "decline-hearing")
        };
        self.own_act(identity, id, command, wish, nonce).await
    }

    /// Receives the result on line: the decision is delivered (行政许可法 art. 44).
    pub async fn take_delivery(&self, identity: &Identity, id: &str, nonce: &str) -> Result<()> {
        let command = CaseCommand::Deliver { method: DeliveryKind::Electronic, signer: None };
        self.own_act(identity, id, command, "deliver", nonce).await
    }

    /// An act of the applicant on a case of their own.
    async fn own_act(
        &self,
        identity: &Identity,
        id: &str,
        command: CaseCommand,
        wish: &str,
        nonce: &str,
    ) -> Result<()> {
        let owner = Owner::of(identity)?;
        let case = self.own_case(identity, id).await?;
        let facts = self.facts_for_case(&case).await?;
        let wish = format!("{} {wish}", case.id);
        let submission = Submission {
            command: Command::Case { case: case.id, command },
            actor: identity.actor(),
            facts,
            key: Some(key(&owner, nonce, &wish)),
            entered_at: None,
        };
        self.store().submit(submission).await?;
        Ok(())
    }
}

/// The open part as a map.
pub(super) fn open_form(open: Value) -> Map<String, Value> {
    match open {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
