//! The steps of a check run: what passed, what failed, how long each took.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Error, Result};

/// How many checks a step made. A step that is one check (a lint run) counts as one; a test runner's own counts are taken over.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Counts {
    /// A step that is one check.
    pub(crate) const ONE: Self = Self { passed: 1, failed: 0, skipped: 0 };

    /// Takes over a line such as `test result: ok. 12 passed; 0 failed; 3 ignored; …` (cargo) or `12 passed, 0 failed` (our browser
    /// checks); any other line changes nothing.
    pub(crate) fn read(&mut self, line: &str) {
        let line = line.trim();
        let result = line
            .strip_prefix("test result:")
            .or_else(|| line.starts_with(|c: char| c.is_ascii_digit()).then_some(line));
        let Some(result) = result else { return };
        let words: Vec<&str> = result.split([' ', ',', ';', '.']).filter(|word| !word.is_empty()).collect();
        let number_before = |wanted: &str| {
            let place = words.iter().position(|word| *word == wanted)?;
            words.get(place.checked_sub(1)?)?.parse::<u64>().ok()
        };
        if let (Some(passed), Some(failed)) = (number_before("passed"), number_before("failed")) {
            self.passed += passed;
            self.failed += failed;
            self.skipped += number_before("ignored").or_else(|| number_before("skipped")).unwrap_or(0);
        }
    }
}

/// What became of a step.
enum Outcome {
    Passed(Counts),
    Failed(Counts, Error),
    Skipped(String),
}

/// The steps so far.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<(String, Duration, Outcome)>,
}

impl Steps {
    /// Runs a step, whatever became of the earlier ones: one run shows all that is wrong. Answers whether it passed.
    pub(crate) fn step(&mut self, name: &str, run: impl FnOnce(&mut Counts) -> Result<()>) -> bool {
        println!("\n── {name}");
        let started = Instant::now();
        let mut counts = Counts::default();
        let result = run(&mut counts);
        let outcome = match result {
            Ok(()) if counts.failed == 0 => {
                Outcome::Passed(if counts == Counts::default() { Counts::ONE } else { counts })
            }
            Ok(()) => Outcome::Failed(counts, Error::msg("reported failures")),
            Err(error) => {
                println!("{name}: {error:#}");
                counts.failed = counts.failed.max(1);
                Outcome::Failed(counts, error)
            }
        };
        let passed = matches!(outcome, Outcome::Passed(_));
        self.done.push((name.to_owned(), started.elapsed(), outcome));
        passed
    }

    /// Records a step that was not run. It counts as skipped, never as passed.
    pub(crate) fn skip(&mut self, name: &str, why: &str) {
        self.done.push((name.to_owned(), Duration::ZERO, Outcome::Skipped(why.to_owned())));
    }

    /// Prints the table and the closing line `N passed, N failed`.
    pub(crate) fn close(&self) -> ExitCode {
        let mut total = Counts::default();
        println!("\n{:<34} {:>9} {:>8} {:>8} {:>8}", "step", "seconds", "passed", "failed", "skipped");
        for (name, duration, outcome) in &self.done {
            let (counts, note) = match outcome {
                Outcome::Passed(counts) => (counts, String::new()),
                Outcome::Failed(counts, error) => (counts, format!("  {error}")),
                Outcome::Skipped(why) => (&Counts { skipped: 1, ..Counts::default() }, format!("  {why}")),
            };
            total.passed += counts.passed;
            total.failed += counts.failed;
            total.skipped += counts.skipped;
            let seconds = duration.as_secs_f64();
            println!("{name:<34} {seconds:>9.1} {:>8} {:>8} {:>8}{note}", counts.passed, counts.failed, counts.skipped);
        }
        let seconds: f64 = self.done.iter().map(|(_, duration, _)| duration.as_secs_f64()).sum();
        println!("{:<34} {seconds:>9.1}\n", "all");
        if total.skipped == 0 {
            println!("{} passed, {} failed", total.passed, total.failed);
        } else {
            println!("{} passed, {} failed, {} skipped", total.passed, total.failed, total.skipped);
        }
        if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_closing_lines_and_from_nothing_else() {
        let table = [
            (
                "test result: ok. 12 passed; 0 failed; 3 ignored; 0 measured; 0 filtered out; finished in 0.00s",
                (12, 0, 3),
            ),
            ("test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out", (1, 2, 0)),
            ("7 passed, 1 failed", (7, 1, 0)),
            ("7 passed, 0 failed, 2 skipped", (7, 0, 2)),
            ("test passed_and_failed ... ok", (0, 0, 0)),
            ("the case passed, failed never", (0, 0, 0)),
        ];
        for (line, (passed, failed, skipped)) in table {
            let mut counts = Counts::default();
            counts.read(line);
            assert_eq!(counts, Counts { passed, failed, skipped }, "{line}");
        }
    }

    #[test]
    fn a_failed_step_does_not_stop_the_next_one_and_fails_the_run() {
        let mut steps = Steps::default();
        assert!(!steps.step("first", |_| anyhow::bail!("no")));
        assert!(steps.step("second", |_| Ok(())));
        assert_eq!(format!("{:?}", steps.close()), format!("{:?}", ExitCode::FAILURE));
    }

    #[test]
    fn a_runner_that_reports_failures_fails_although_it_ended_well() {
        let mut steps = Steps::default();
        assert!(!steps.step("runner", |counts| {
            counts.read("3 passed, 1 failed");
            Ok(())
        }));
    }
}
