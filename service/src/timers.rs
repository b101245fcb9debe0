//! Timers of the law and of processes: silence that accepts, licences that lapse or end, waiting steps that wake.

use kernel::case::{CaseCommand, TIMER_DEEMED, TIMER_FLOW};
use kernel::record::{LicenceChange, Record, RecordCommand};
use kernel::{Command, Facts, State, StreamId};
use store::{DueTimer, Submission};

use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::system;

/// The job, as its entries name it.
const JOB: &str = "timers";
/// The end of a licence's term.
const EXPIRY: &str = "expiry";
/// Timers read at one time.
const AT_ONCE: u32 = 64;
/// The first wait of a timer that could not be carried out; it doubles each time.
const RETRY_US: i64 = 60 * 1_000_000;
/// The longest wait.
const RETRY_MAX_US: i64 = 60 * 60 * 1_000_000;

impl App {
    /// Looks once at every timer that is due now, the longest due first, and carries out what can be. Answers how many that were.
    pub async fn run_timers(&self) -> Result<usize> {
        let now = self.now().as_microsecond();
        let (mut done, mut after) = (0, None);
        loop {
            let due = self.store().read(move |reader| reader.timers_due(now, after.as_ref(), AT_ONCE)).await?;
            let Some(last) = due.last() else { return Ok(done) };
            after = Some(last.clone());
            for timer in due {
                done += usize::from(self.run_timer(timer).await?);
            }
        }
    }

    /// False when the timer was not carried out. One that cannot be is put off, ever longer: it must neither keep others waiting nor be asked
    /// about each second. Its owner sees it as an incident in the log.
    async fn run_timer(&self, timer: DueTimer) -> Result<bool> {
        let error = match self.fire(&timer).await {
            Ok(()) => return Ok(true),
            // Somebody acts at this moment: the timer is gone, or will be carried out at the next turn.
            Err(Error::Busy) => return Ok(false),
            Err(error) => error,
        };
        tracing::warn!(stream = %timer.stream, timer = %timer.name, refusals = timer.refusals, %error, "A timer is put off");
        let until = self.now().as_microsecond() + wait(timer.refusals);
        let put_off = self.store().write(move |writes| writes.put_off_timer(&timer, until)).await;
        put_off.map(|()| false).map_err(Error::Fault)
    }

    async fn fire(&self, timer: &DueTimer) -> Result<()> {
        let (command, facts) = self.command_of(timer).await?;
        let submission = Submission { command, actor: system(JOB), facts, key: None, entered_at: None };
        self.store().submit(submission).await?;
        Ok(())
    }

    /// What a timer asks for, with its facts.
    async fn command_of(&self, timer: &DueTimer) -> Result<(Command, Facts)> {
        let stream = timer.stream.clone();
        match self.store().read(move |reader| reader.state(&stream)).await? {
            Some((_, State::Case(case))) => {
                let command = of_case(&timer.name).ok_or_else(Error::not_found)?;
                Ok((Command::Case { case: case.id, command }, self.facts_for_case(&case).await?))
            }
            Some((_, State::Record(record))) => {
                let command = of_record(&timer.stream, &timer.name, &record).ok_or_else(Error::not_found)?;
                Ok((Command::Record(command), self.facts()))
            }
            _ => Err(Error::not_found()),
        }
    }
}

/// How long a timer waits after so many refusals.
fn wait(refusals: u32) -> i64 {
    RETRY_US.saturating_mul(1 << refusals.min(8)).min(RETRY_MAX_US)
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
    fn a_refused_timer_waits_twice_as_long_each_time_and_an_hour_at_most() {
        let minutes: Vec<i64> = [0, 1, 2, 5, 6, 40].map(|refusals| wait(refusals) / 60_000_000).to_vec();
        assert_eq!(minutes, [1, 2, 4, 32, 60, 60]);
    }

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
