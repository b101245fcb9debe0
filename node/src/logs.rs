//! Structured logs on the standard error: JSON lines for machines, short lines for a terminal. No line holds a personal value.

use std::io::IsTerminal as _;

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

/// Environment variable with the filter, e.g. `info,store=debug`.
const FILTER: &str = "JIANTONG_LOG";

/// How log lines look.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogForm {
    /// One JSON object per line
    Json,
    /// Short lines
    Text,
}

/// Starts logging. Without a word: text on a terminal, JSON elsewhere.
pub(crate) fn start(form: Option<LogForm>, default_filter: &str) -> anyhow::Result<()> {
    let filter = std::env::var(FILTER).unwrap_or_else(|_| default_filter.to_owned());
    let filter = EnvFilter::try_new(&filter).map_err(|error| anyhow::anyhow!("{FILTER}={filter}: {error}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let terminal = std::io::stderr().is_terminal();
    match form.unwrap_or(if terminal { LogForm::Text } else { LogForm::Json }) {
        LogForm::Json => builder.json().flatten_event(true).with_current_span(false).with_span_list(false).init(),
        LogForm::Text => builder.compact().with_target(false).with_ansi(terminal).init(),
    }
    Ok(())
}
