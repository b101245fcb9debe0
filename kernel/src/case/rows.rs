//! The rows of a case: what lists, inbox, search and verification read.

use base::time;

use super::{Case, Stage, clock};
use crate::projection::{CaseRow, DocumentRow, Rows, SearchRow, TaskRow, TimerRow};

/// Name of the timer that makes silence acceptance.
pub const TIMER_DEEMED: &str = "deemed-acceptance";

/// Prefix of the names of the process's own timers; the instance follows.
pub const TIMER_FLOW: &str = "flow/";

impl Case {
    pub(crate) fn rows(&self) -> Rows {
        let running = clock::running(&self.clocks, self.stage);
        let paused = running.is_some_and(|(rule, _, _)| clock::stopped(&self.clocks, rule).is_some());
        let running = running.map(|(_, _, due)| due);
        let id = self.id.to_string();
        // While the applicant's answer is awaited nobody in the department has anything to do.
        let waits = self.stage == Stage::SupplementAsked;
        let tasks = self.tasks.iter().filter(|_| !waits).map(|(instance, task)| TaskRow {
            case: id.clone(),
            task: *instance,
            element: task.element.clone(),
            kind: task.kind.as_str(),
            matter: self.matter.clone(),
            organisation: task.organisation_in(self).to_owned(),
            region: self.region.to_string(),
            post_kind: task.post_kind.clone(),
            claimed_by: task.claimed_by.as_ref().map(|by| by.account.to_string()).unwrap_or_default(),
            opened_at: task.opened_at,
            due_on: running.map(|due| due.on),
            yellow_on: running.map(|due| due.yellow_on),
            red_on: running.map(|due| due.red_on),
            paused,
        });
        Rows {
            tasks: tasks.collect(),
            case: Some(CaseRow {
                number: self.number.clone(),
                matter: self.matter.clone(),
                organisation: self.organisation.clone(),
                region: self.region.to_string(),
                stage: self.stage.as_str(),
                subject: self.applicant.subject.to_string(),
                applicant_code: self.applicant.code.clone(),
                applicant_name: self.applicant.name.clone(),
                account: self.applicant.account.map(|account| account.to_string()).unwrap_or_default(),
                title: self.title.clone(),
                received_at: self.received_at,
                due_on: running.map(|due| due.on),
                yellow_on: running.map(|due| due.yellow_on),
                red_on: running.map(|due| due.red_on),
                paused,
                incident: !self.incidents.is_empty(),
                id,
            }),
            timers: self.timers(),
            documents: self.notices.iter().map(document).collect(),
            words: Some(SearchRow {
                family: "case".to_owned(),
                region: self.region.to_string(),
                organisation: self.organisation.clone(),
                text: [&self.number, &self.title, &self.applicant.name, &self.applicant.code]
                    .map(String::as_str)
                    .join(" "),
            }),
            ..Rows::default()
        }
    }

    /// Silence until the end of the acceptance check is acceptance: the timer fires with the next day.
    fn timers(&self) -> Vec<TimerRow> {
        let deemed = match (self.stage, self.clocks.accept_by) {
            (Stage::Submitted, Some(due)) => time::end_of_day(due.on).map(|end| end.as_microsecond()),
            _ => None,
        };
        let process = self
            .timers
            .iter()
            .map(|(instance, due_at)| TimerRow { name: format!("{TIMER_FLOW}{instance}"), due_at: *due_at });
        deemed.map(|due_at| TimerRow { name: TIMER_DEEMED.to_owned(), due_at }).into_iter().chain(process).collect()
    }
}

fn document(notice: &super::Notice) -> DocumentRow {
    DocumentRow {
        number: notice.number.clone(),
        kind: notice.kind.name(),
        code: notice.code.clone(),
        issued_on: notice.issued_on,
        pdf_hash: notice.pdf_hash.clone(),
    }
}
