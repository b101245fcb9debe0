//! `jiantong code`: whether a number is well formed, and what it says.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use base::code::{CodeKind, Verdict, check_kind};
use base::region::Regions;
use clap::Args;
use indicatif::ProgressBar;
use jiff::civil::Date;

const EXAMPLES: &str = "\
Kinds:
  uscc, idcard, region, project, platform, permit, unit, archive, document, safety-permit, safety-officer, qualification, planning-permit

Examples:
  jiantong code uscc 91330100799655058B
  jiantong code region 130182 --on 2005-06-01
  jiantong code idcard --batch numbers.csv > verdicts.csv";

/// Check codes and check digits.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CodeArgs {
    /// What the values are meant to be
    #[arg(value_name = "KIND")]
    kind: String,
    /// The values
    #[arg(value_name = "VALUE", required_unless_present = "batch")]
    values: Vec<String>,
    /// The day at which a region code must be in use (default: now in use)
    #[arg(long, value_name = "DATE")]
    on: Option<String>,
    /// Print a JSON array
    #[arg(long)]
    json: bool,
    /// CSV with the column value; prints value,verdict,reason
    #[arg(long, value_name = "FILE.csv", conflicts_with_all = ["values", "json"])]
    batch: Option<PathBuf>,
}

/// Prints a verdict for each value. Fails when a value given as an argument is not valid; a batch reports and succeeds.
pub(crate) fn run(args: &CodeArgs, regions: &Regions, out: &mut dyn Write) -> anyhow::Result<()> {
    let kind: CodeKind = args.kind.parse().map_err(|error| {
        let known: Vec<&str> = CodeKind::ALL.iter().map(|kind| kind.key()).collect();
        anyhow!("{error}; known are {}", known.join(", "))
    })?;
    let on: Option<Date> = match &args.on {
        None => None,
        Some(text) => Some(text.parse().ok().with_context(|| format!("`{text}` is not a date such as 2025-09-28"))?),
    };
    if let Some(path) = &args.batch {
        return run_batch(kind, path, on, regions, out);
    }
    let verdicts: Vec<(&String, Verdict)> =
        args.values.iter().map(|value| (value, check_kind(kind, value, on, regions))).collect();
    if args.json {
        let rows: Vec<_> = verdicts.iter().map(|(value, verdict)| json(value, verdict)).collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&rows)?)?;
    } else {
        for (value, verdict) in &verdicts {
            print(value, verdict, out)?;
        }
    }
    let invalid = verdicts.iter().filter(|(_, verdict)| !verdict.valid).count();
    if invalid > 0 {
        bail!("{invalid} of {} not valid", verdicts.len());
    }
    Ok(())
}

fn run_batch(
    kind: CodeKind,
    path: &Path,
    on: Option<Date>,
    regions: &Regions,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let shown = path.display();
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
    // Rows of other lengths are taken as they are: a code may be the only thing that is right in a file.
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let header = reader.headers().with_context(|| format!("{shown}: cannot read the header"))?;
    let column = header
        .iter()
        .position(|title| title.trim() == "value")
        .with_context(|| format!("{shown}: line 1: column `value` is missing"))?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["value", "verdict", "reason"])?;
    let progress = ProgressBar::new(u64::try_from(text.len())?);
    for record in reader.records() {
        let record = record.with_context(|| shown.to_string())?;
        let value = record.get(column).unwrap_or_default();
        let verdict = check_kind(kind, value, on, regions);
        writer.write_record([value, if verdict.valid { "valid" } else { "invalid" }, &verdict.reason()])?;
        progress.set_position(record.position().map_or(0, csv::Position::byte));
    }
    progress.finish_and_clear();
    out.write_all(&writer.into_inner()?)?;
    Ok(())
}

fn print(value: &str, verdict: &Verdict, out: &mut dyn Write) -> anyhow::Result<()> {
    if verdict.valid {
        writeln!(out, "{value}: valid")?;
    } else {
        let said: Vec<String> = verdict.reasons.iter().map(ToString::to_string).collect();
        writeln!(out, "{value}: invalid ({}): {}", verdict.reason(), said.join("；"))?;
    }
    if let Some(normalised) = verdict.normalised.as_ref().filter(|normalised| *normalised != value) {
        writeln!(out, "  normalised: {normalised}")?;
    }
    for (name, part) in &verdict.parts {
        writeln!(out, "  {name}: {part}")?;
    }
    Ok(())
}

fn json(value: &str, verdict: &Verdict) -> serde_json::Value {
    let parts: serde_json::Map<String, serde_json::Value> =
        verdict.parts.iter().map(|(name, part)| ((*name).to_owned(), part.as_str().into())).collect();
    let reasons: Vec<_> = verdict
        .reasons
        .iter()
        .map(|error| serde_json::json!({ "kind": error.kind.key(), "at": error.at, "message": error.to_string() }))
        .collect();
    serde_json::json!({
        "value": value,
        "verdict": if verdict.valid { "valid" } else { "invalid" },
        "reason": verdict.reason(),
        "reasons": reasons,
        "normalised": verdict.normalised,
        "parts": parts,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: CodeArgs,
    }

    fn ran(line: &[&str]) -> (String, Result<(), String>) {
        let regions = Regions::parse_all(&[
            include_str!("../../../catalog/directory/regions.csv"),
            include_str!("../../../catalog/standards/regions-cn.csv"),
        ])
        .unwrap();
        let words = std::iter::once("code").chain(line.iter().copied());
        let cli = match Cli::try_parse_from(words) {
            Ok(cli) => cli,
            Err(error) => return (String::new(), Err(error.kind().to_string())),
        };
        let mut out = Vec::new();
        let result = run(&cli.args, &regions, &mut out).map_err(|error| format!("{error:#}"));
        (String::from_utf8(out).unwrap(), result)
    }

    #[test]
    fn prints_verdict_reason_and_parts() {
        let (text, result) = ran(&["uscc", "91330100799655058b", "91330100799655058A"]);
        assert_eq!(
            text,
            "91330100799655058b: valid\n  normalised: 91330100799655058B\n  department: 91\n  region: 330100\n  \
             region_name: 杭州市\n  organisation_code: 799655058\n\
             91330100799655058A: invalid (check): 校验码不符，请核对各位数字（第 18 位）\n"
        );
        assert_eq!(result.unwrap_err(), "1 of 2 not valid");
        let (text, result) = ran(&["region", "130182", "--on", "2005-06-01", "--json"]);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&json[0]["verdict"], &json[0]["parts"]["name"]), (&"valid".into(), &"藁城市".into()));
        assert_eq!(result, Ok(()));
    }

    #[test]
    fn bad_input_is_one_clear_line() {
        let (_, result) = ran(&["isbn", "1"]);
        assert!(result.unwrap_err().starts_with("`isbn` is not a kind of code; known are uscc, idcard, region"));
        let (_, result) = ran(&["region", "130182", "--on", "yesterday"]);
        assert_eq!(result.unwrap_err(), "`yesterday` is not a date such as 2025-09-28");
        let (_, result) = ran(&["uscc"]);
        assert_eq!(result.unwrap_err(), "one or more required arguments were not provided");
    }

    #[test]
    fn a_batch_reports_each_value_and_succeeds() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("numbers.csv");
        fs::write(&path, "note,value\na,130102202509280101\nb,13010220250928010\nc\n").unwrap();
        let (text, result) = ran(&["permit", "--batch", path.to_str().unwrap()]);
        assert_eq!(
            text,
            "value,verdict,reason\n130102202509280101,valid,\n13010220250928010,invalid,length\n,invalid,length\n"
        );
        assert_eq!(result, Ok(()));
        fs::write(&path, "number\n1\n").unwrap();
        let (_, result) = ran(&["permit", "--batch", path.to_str().unwrap()]);
        assert!(result.unwrap_err().ends_with("line 1: column `value` is missing"));
    }
}
