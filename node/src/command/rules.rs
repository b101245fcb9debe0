//! `jiantong rules`: evaluate DMN decisions.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use flow::feel::{Budget, Context, Value};
use flow::rules::{Model, Rules};

/// Evaluate DMN decisions.
#[derive(Debug, Args)]
pub(crate) struct RulesArgs {
    #[command(subcommand)]
    command: RulesCommand,
}

#[derive(Debug, Subcommand)]
enum RulesCommand {
    /// Evaluate one decision, or all of a file; the result is JSON.
    #[command(after_help = "Example:\n  jiantong rules eval rules.dmn --input case.json --decision checks\n\n\
        Inputs that the rules read and that are missing or of another type are named on standard error: \
        what they lead to is null, which means undecided.")]
    Eval {
        /// DMN file.
        file: PathBuf,
        /// Inputs by name, as JSON.
        #[arg(long)]
        input: PathBuf,
        /// Name or id of the decision; all when absent.
        #[arg(long)]
        decision: Option<String>,
    },
}

/// Runs the command.
pub(crate) fn run(args: &RulesArgs) -> Result<ExitCode> {
    let RulesCommand::Eval { file, input, decision } = &args.command;
    let model = match Model::parse(&read(file)?, &file.display().to_string()) {
        Ok(model) => model,
        Err(problems) => bail!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    };
    let json: serde_json::Value =
        serde_json::from_str(&read(input)?).with_context(|| format!("{} is no JSON", input.display()))?;
    let Value::Context(context) = Value::from(&json) else {
        bail!("{} must hold an object: inputs by name", input.display());
    };
    let result = match decision {
        Some(decision) => evaluate(&model, decision, &context)?,
        None => {
            let mut results = serde_json::Map::new();
            for decision in model.decisions() {
                results.insert(decision.to_owned(), evaluate(&model, decision, &context)?);
            }
            results.into()
        }
    };
    writeln!(std::io::stdout().lock(), "{}", serde_json::to_string_pretty(&result)?)?;
    Ok(ExitCode::SUCCESS)
}

fn evaluate(model: &Model, decision: &str, input: &Context) -> Result<serde_json::Value> {
    let value = model.evaluate(decision, input, &Budget::default()).with_context(|| decision.to_owned())?;
    let mut errors = std::io::stderr().lock();
    for unusable in model.unusable(decision, input) {
        let what = if unusable.wrong_type { "has another type" } else { "is missing" };
        writeln!(errors, "{decision}: the input {} {what}", unusable.path)?;
    }
    Ok(value.to_json())
}

fn read(path: &Path) -> Result<String> {
    let size = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
    if size > flow::xml::XML_BYTES_MAX as u64 {
        bail!("{} has {size} bytes; the limit is {}", path.display(), flow::xml::XML_BYTES_MAX);
    }
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
