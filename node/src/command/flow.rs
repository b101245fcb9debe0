//! `jiantong flow`: check and run BPMN files.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use flow::Definition;
use flow::script::{Outcome, Script};

/// Check and run BPMN processes.
#[derive(Debug, Args)]
pub(crate) struct FlowArgs {
    #[command(subcommand)]
    command: FlowCommand,
}

#[derive(Debug, Subcommand)]
enum FlowCommand {
    /// Check that every element of a process can be executed.
    #[command(after_help = "Example:\n  jiantong flow check catalog/systems/*/matters/*/process.bpmn")]
    Check {
        /// BPMN files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Print the findings as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Run a process by a script of steps; services complete by themselves.
    #[command(after_help = "Example:\n  jiantong flow run process.bpmn --script steps.json --json\n\n\
        steps.json:\n  {\"given\": {\"area\": 500}, \"steps\": [{\"complete\": \"review\", \"set\": {\"review_outcome\": \"agree\"}}]}")]
    Run {
        /// BPMN file.
        file: PathBuf,
        /// What is given and what happens, as JSON.
        #[arg(long)]
        script: PathBuf,
        /// Print the outcome as JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Runs the command. Findings that refuse a model give exit code 1.
pub(crate) fn run(args: &FlowArgs) -> Result<ExitCode> {
    match &args.command {
        FlowCommand::Check { files, json } => check(files, *json),
        FlowCommand::Run { file, script, json } => run_script(file, script, *json),
    }
}

fn check(files: &[PathBuf], json: bool) -> Result<ExitCode> {
    let mut problems = Vec::new();
    for file in files {
        let source = file.display().to_string();
        match Definition::parse(&read(file)?, &source) {
            Ok(definition) => problems.extend(definition.check()),
            Err(found) => problems.extend(found),
        }
    }
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&problems)?)?;
    } else {
        for problem in &problems {
            let severity = if problem.is_error() { "error" } else { "warning" };
            writeln!(out, "{severity}: {problem}")?;
        }
        let errors = problems.iter().filter(|problem| problem.is_error()).count();
        writeln!(out, "{} files, {errors} errors, {} warnings", files.len(), problems.len() - errors)?;
    }
    let refused = problems.iter().any(flow::Problem::is_error);
    Ok(if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn run_script(file: &Path, script: &Path, json: bool) -> Result<ExitCode> {
    let source = file.display().to_string();
    let definition = match Definition::parse(&read(file)?, &source) {
        Ok(definition) => definition,
        Err(problems) => bail!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    };
    let text = read(script)?;
    let script: Script = serde_json::from_str(&text).with_context(|| format!("{} is no script", script.display()))?;
    let outcome = flow::script::run(&definition, &script).with_context(|| source.clone())?;
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&outcome)?)?;
    } else {
        print(&mut out, &outcome)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(out: &mut impl std::io::Write, outcome: &Outcome) -> Result<()> {
    writeln!(out, "state: {}", outcome.state)?;
    for (title, ids) in
        [("completed", &outcome.completed), ("waiting", &outcome.waiting), ("cancelled", &outcome.cancelled)]
    {
        if !ids.is_empty() {
            writeln!(out, "{title}: {}", ids.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", "))?;
        }
    }
    for incident in &outcome.incidents {
        writeln!(out, "incident at {}: {}", incident.element, incident.reason)?;
    }
    for (name, value) in &outcome.variables {
        writeln!(out, "{name} = {value}")?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    let size = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
    if size > flow::xml::XML_BYTES_MAX as u64 {
        bail!("{} has {size} bytes; the limit is {}", path.display(), flow::xml::XML_BYTES_MAX);
    }
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
