//! Paper (文书、证照): what a document says is put together from the case, printed once, and kept under the applicant's key.
//!
//! Paper speaks Chinese: it is the authority's word, whatever language its reader chose for the pages.

mod data;

use base::id::CaseId;
use kernel::case::{Case, CaseCommand, Notice, paper_field};
use kernel::change::Job;
use kernel::{Command, State, StreamId};
use store::{Opened, Submission};

use crate::app::App;
use crate::cases::{self, CaseFile};
use crate::error::{Error, Result};
use crate::identity::{Identity, system};
use crate::outbox::Share;

/// The job, as its entries name it.
const JOB: &str = "papers";
/// A claimed job is another process's again after this time.
const LEASE_US: i64 = 5 * 60 * 1_000_000;
/// Papers of one organisation in one turn.
const EACH: u32 = 2;
/// The first wait after a failure; it doubles each time.
const RETRY_US: i64 = 30 * 1_000_000;
/// The longest wait.
const RETRY_MAX_US: i64 = 60 * 60 * 1_000_000;
/// Media type of paper.
const PDF: &str = "application/pdf";

impl App {
    /// Prints what the outbox asks for. Answers how many papers were printed.
    pub async fn run_renders(&self, lease: &str, limit: u32) -> Result<usize> {
        if self.printer().is_none() {
            return Ok(0);
        }
        let share = Share { queue: Job::RENDER, lease_us: LEASE_US, each: EACH, limit };
        let mut printed = 0;
        for item in self.claim(share, lease).await? {
            let Job::Render { number } = &item.job else { continue };
            let case = item.stream.parse::<StreamId>().ok().and_then(|stream| stream.rest().parse::<CaseId>().ok());
            let rendered = match case {
                Some(case) => self.render_paper(case, number).await,
                None => Err(Error::not_found()),
            };
            match rendered {
                Ok(()) => {
                    printed += 1;
                    self.finish(&item, lease).await?;
                }
                Err(error) => {
                    tracing::warn!(number, attempts = item.attempts, %error, "A paper was not printed and is tried again");
                    let wait = RETRY_US.saturating_mul(1 << item.attempts.min(8)).min(RETRY_MAX_US);
                    self.put_off(&item, lease, wait).await?;
                }
            }
        }
        Ok(printed)
    }

    /// Prints a document of a case and records that its paper exists. A paper that exists is left as it is; one is printed at a time, so that
    /// many who wait for the same paper get one, and many papers do not take all cores.
    pub async fn render_paper(&self, case: CaseId, number: &str) -> Result<()> {
        let _turn = self.printing().acquire().await.map_err(|error| store::Fault::Task(error.to_string()))?;
        let stream = StreamId::case(case);
        let state = self.store().read(move |reader| reader.state(&stream)).await?;
        let Some((_, State::Case(case))) = state else { return Err(Error::not_found()) };
        let notice = notice(&case, number)?;
        if notice.pdf_hash.is_some() {
            return Ok(());
        }
        let printer = self.printer().cloned().ok_or(Error::NoPrinter)?;
        let catalog = self.catalog_at(&case.catalog).await?;
        let template = catalog.templates.get(&notice.template).cloned().ok_or_else(Error::not_found)?;
        let common = catalog.templates.get("templates/common.typ").cloned().unwrap_or_default();
        let data = self.paper_data(&case, notice).await?;
        let qr = self.verify_address(notice);
        let issued_on = notice.issued_on;
        let print = move || {
            printer.render(&print::Document { template: &template, common: &common, data: &data, qr: &qr, issued_on })
        };
        let pdf = tokio::task::spawn_blocking(print).await.map_err(|error| thread("printing", &error))??;
        let file = self.keep_paper(&case, pdf.bytes.clone()).await?;
        let pdf_hash = paper_hash(notice, &pdf.bytes);
        let command = CaseCommand::PaperRendered { number: number.to_owned(), pdf_hash, file };
        let submission = Submission {
            command: Command::Case { case: case.id, command },
            actor: system(JOB),
            facts: self.facts_for_case(&case).await?,
            key: None,
            entered_at: None,
        };
        self.store().submit(submission).await?;
        Ok(())
    }

    /// The paper of a document, for whoever may read files of the case; printed now if it was not yet.
    pub async fn paper(&self, identity: &Identity, case: CaseId, number: &str) -> Result<CaseFile> {
        let mut found = cases::load(self, identity, case).await?;
        cases::may_read(self, identity, &found).await?;
        if notice(&found, number)?.pdf_hash.is_none() {
            self.render_paper(case, number).await?;
            found = cases::load(self, identity, case).await?;
        }
        let subject = found.applicant.subject;
        let wanted = vec![(subject, paper_field(case, number))];
        let (opened, key) = self
            .store()
            .read(move |reader| Ok((reader.open(&wanted)?, reader.subject_key(&subject.to_string())?)))
            .await?;
        let hash = opened.first().and_then(Opened::value).map(str::to_owned).ok_or_else(Error::not_found)?;
        let key = key.ok_or_else(Error::not_found)?;
        let bytes = self.open_file(Some(key), hash).await?;
        Ok(CaseFile { name: format!("{number}.pdf"), media: PDF.to_owned(), bytes })
    }

    /// The receipt (回执) that proves the last document of a case, or its submission, with nothing else at hand.
    pub async fn case_receipt(&self, identity: &Identity, case: CaseId) -> Result<String> {
        cases::load(self, identity, case).await?;
        let stream = StreamId::case(case);
        let entries = self.store().read(move |reader| reader.entries_of(&stream, 0, 2_000)).await?;
        let issued = entries.iter().rev().find(|row| row.entry.kind.as_str().starts_with("certificate-issued"));
        let row = issued.or_else(|| entries.first()).ok_or_else(Error::not_found)?;
        self.receipt_of(row.entry.sequence).await
    }

    /// The receipt of one entry; a checkpoint is signed when none covers it yet.
    pub async fn receipt_of(&self, sequence: u64) -> Result<String> {
        if let Some(receipt) = self.store().receipt(sequence).await? {
            return receipt_text(&receipt);
        }
        self.store().sign_checkpoint(self.now().as_microsecond()).await.map_err(Error::Fault)?;
        let receipt = self.store().receipt(sequence).await?.ok_or_else(Error::not_found)?;
        receipt_text(&receipt)
    }

    /// Where a document is verified: what its QR code says.
    fn verify_address(&self, notice: &Notice) -> String {
        let href = crate::pages::hall::verify_href(&notice.number, &notice.code);
        format!("{}{href}", self.settings().public_url)
    }

    async fn keep_paper(&self, case: &Case, bytes: Vec<u8>) -> Result<String> {
        let subject = case.applicant.subject.to_string();
        let whose = subject.clone();
        let key = self.store().write(move |writes| writes.subject_key(&whose)).await.map_err(Error::Fault)?;
        let mut writer = self.store().files().begin(Some(key))?;
        let stored = tokio::task::spawn_blocking(move || {
            writer.write(&bytes)?;
            writer.finish()
        });
        let stored = stored.await.map_err(|error| thread("storing a paper", &error))??;
        let (hash, at) = (stored.hash.clone(), self.now().as_microsecond());
        let written = self.store().write(move |writes| writes.put_file(&stored, &subject, PDF, at)).await;
        written.map_err(Error::Fault)?;
        Ok(hash)
    }
}

/// SHA-256 over the verification code's 16 bytes and the PDF: whoever holds the paper can compute it, nobody else can try out contents.
pub fn paper_hash(notice: &Notice, pdf: &[u8]) -> String {
    let salt = u128::from_str_radix(&notice.code, 16).unwrap_or_default().to_be_bytes();
    journal::commit(&salt, pdf).to_string()
}

fn notice<'a>(case: &'a Case, number: &str) -> Result<&'a Notice> {
    case.notices.iter().find(|notice| notice.number == number).ok_or_else(Error::not_found)
}

fn receipt_text(receipt: &journal::Receipt) -> Result<String> {
    receipt.to_json().map_err(|error| store::Fault::Task(format!("writing a receipt: {error}")).into())
}

fn thread(what: &str, error: &tokio::task::JoinError) -> Error {
    store::Fault::Task(format!("{what}: {error}")).into()
}
