//! Timers of the law and of processes: silence that accepts, licences that lapse or end, waiting steps that wake.

use kernel::case::{CaseCommand, TIMER_DEEMED, TIMER_FLOW};
use kernel::record::{LicenceChange, Record, RecordCommand};
use kernel::{Command, State, StreamId};
use store::{DueTimer, Submission, SubmitError};

use crate::app::App;
use crate::error::Result;
use crate::identity::system;

/// The job, as its entries name it.
const JOB: &str = "timers";
/// The end of a licence's term.
const EXPIRY: &str = "expiry";
/// Timers read at one time.
const AT_ONCE: u32 = 64;

impl App {
    /// Carries out every timer that is due now, the longest due first. Answers how many there were.
    pub async fn run_timers(&self) -> Result<usize> {
        let mut done = 0;
        loop {
            let now = self.now().as_microsecond();
            let due = self.store().read(move |reader| reader.timers_due(now, AT_ONCE)).await?;
            let mut progress = 0;
            for timer in &due {
                progress += usize::from(self.run_timer(timer).await?);
            }
            done += progress;
            // A timer that was refused is still due; it must not keep the job busy for ever.
            if progress < due.len() || due.is_empty() {
                return Ok(done);
            }
        }
    }

    /// False when the timer could not be carried out and stays due: its owner sees it as an incident in the log.
    async fn run_timer(&self, timer: &DueTimer) -> Result<bool> {
        let stream = timer.stream.clone();
        let Some((_, state)) = self.store().read(move |reader| reader.state(&stream)).await? else { return Ok(false) };
        let (command, facts) = match &state {
            State::Case(case) => {
                let Some(command) = of_case(&timer.name) else { return Ok(false) };
                (Command::Case { case: case.id, command }, self.facts_for_case(case).await?)
            }
            State::Record(record) => {
                let Some(command) = of_record(&timer.stream, &timer.name, record) else { return Ok(false) };
                (Command::Record(command), self.facts())
            }
            _ => return Ok(false),
        };
        let submission = Submission { command, actor: system(JOB), facts, key: None, entered_at: None };
        match self.store().submit(submission).await {
            Ok(_) => Ok(true),
            // Somebody acted in the meantime: the timer is gone, or will be carried out at the next turn.
            Err(SubmitError::Refused(refusal)) => {
                tracing::warn!(stream = %timer.stream, timer = %timer.name, code = refusal.code(), "A timer was refused");
                Ok(false)
            }
            Err(SubmitError::Stale | SubmitError::Busy) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

fn of_case(timer: &str) -> Option<CaseCommand> {
    if timer == TIMER_DEEMED {
        return Some(CaseCommand::DeemAccepted);
    }
    let instance = timer.strip_prefix(TIMER_FLOW)?.parse().ok()?;
    Some(CaseCommand::FlowTimer { instance })
}

fn of_record(stream: &StreamId, timer: &str, record: &Record) -> Option<RecordCommand> {
    let (register, id) = stream.rest().split_once('/')?;
    // Nobody answered an application to renew that came in time (行政许可法 art. 50(2)).
    if let (EXPIRY, Some(asked)) = (timer, &record.renewal) {
        let (register, id) = (register.to_owned(), id.to_owned());
        return Some(RecordCommand::Renew { register, id, until: asked.until, deemed: true });
    }
    let change = match timer {
        "lapse" => LicenceChange::Lapsed,
        EXPIRY => LicenceChange::Expired,
        _ => return None,
    };
    Some(RecordCommand::Change { register: register.to_owned(), id: id.to_owned(), change })
}

#[cfg(test)]
mod tests {
    use base::id::CaseId;
    use kernel::record::{RecordWritten, RenewalAsked};

    use super::*;

    #[test]
    fn a_timer_names_its_command() {
        assert!(matches!(of_case(TIMER_DEEMED), Some(CaseCommand::DeemAccepted)));
        assert!(matches!(of_case("flow/7"), Some(CaseCommand::FlowTimer { instance: 7 })));
        assert!(of_case("flow/x").is_none() && of_case("lapse").is_none());
        let licence = StreamId::record("licences", "1301/2");
        let mut record = Record::begin(&written());
        match of_record(&licence, "lapse", &record) {
            Some(RecordCommand::Change { register, id, change: LicenceChange::Lapsed }) => {
                assert_eq!((register.as_str(), id.as_str()), ("licences", "1301/2"));
            }
            other => panic!("{other:?}"),
        }
        assert!(of_record(&licence, "other", &record).is_none());
        let until = "2028-05-31".parse().unwrap();
        record.renewal = Some(RenewalAsked { case: CaseId::from_uuid(uuid::Uuid::nil()), until, on: until });
        let renewed = of_record(&licence, EXPIRY, &record);
        assert!(matches!(renewed, Some(RecordCommand::Renew { deemed: true, .. })), "silence renews: {renewed:?}");
    }

    fn written() -> RecordWritten {
        RecordWritten {
            register: "licences".to_owned(),
            id: "1301/2".to_owned(),
            region: String::new(),
            status: "valid".to_owned(),
            valid_from: None,
            valid_until: None,
            body: serde_json::Map::new(),
            sealed: Vec::new(),
            source: None,
            matter: None,
            claims: Vec::new(),
            start_by: None,
        }
    }
}
