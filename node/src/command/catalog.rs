//! `jiantong catalog`: checks, lists and shows what the catalog declares.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::{Args, Subcommand};
use indicatif::ProgressBar;
use kernel::catalog::matter::{Limit, LimitVersion};
use kernel::catalog::{Catalog, FILE_BYTES_MAX, Files, Matter, Problem};
use serde_json::json;

/// Most files in a folder given with `check DIR` or `--catalog DIR`.
const FILES_MAX: usize = 20_000;
/// Deepest folder.
const DEPTH_MAX: usize = 16;

const EXAMPLES: &str = "\
Examples:
  jiantong catalog check
  jiantong catalog check my-catalog
  jiantong catalog list --catalog my-catalog
  jiantong catalog show construction-permit --json";

/// What the catalog declares, and what is wrong with it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CatalogArgs {
    #[command(subcommand)]
    command: CatalogCommand,
}

#[derive(Debug, Subcommand)]
enum CatalogCommand {
    /// Read and check everything and run the examples; name file, line and element of each finding
    Check {
        /// Files added to the built-in catalog, or put in place of its own
        dir: Option<PathBuf>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// List the matters
    List {
        /// Files added to the built-in catalog, or put in place of its own
        #[arg(long, value_name = "DIR")]
        catalog: Option<PathBuf>,
        /// Print one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Show one matter
    Show {
        /// Its code
        code: String,
        /// Files added to the built-in catalog, or put in place of its own
        #[arg(long, value_name = "DIR")]
        catalog: Option<PathBuf>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

#[derive(rust_embed::RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../catalog"]
struct BuiltIn;

/// Runs the command.
pub(crate) fn run(args: &CatalogArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    match &args.command {
        CatalogCommand::Check { dir, json } => check(dir.as_deref(), *json, out),
        CatalogCommand::List { catalog, json } => list(&load(catalog.as_deref())?, *json, out),
        CatalogCommand::Show { code, catalog, json } => {
            let catalog = load(catalog.as_deref())?;
            let matter = catalog.matter(code).with_context(|| format!("the catalog has no matter {code}"))?;
            show(&catalog, matter, *json, out)
        }
    }
}

/// The built-in catalog with the files of a folder added or put in place of its own.
pub(crate) fn files(over: Option<&Path>) -> anyhow::Result<Files> {
    let built_in: Files = BuiltIn::iter()
        .filter(|path| !path.ends_with("README.md"))
        .filter_map(|path| Some((path.to_string(), BuiltIn::get(&path)?.data.into_owned())))
        .collect();
    match over {
        Some(folder) => Ok(Files::overlay(&built_in, &read_folder(folder)?)),
        None => Ok(built_in),
    }
}

/// Reads the files below a folder. Hidden files are left out, links are refused.
pub(crate) fn read_folder(root: &Path) -> anyhow::Result<Files> {
    ensure!(root.is_dir(), "{} is not a folder", root.display());
    let mut files = Files::new();
    let mut count = 0;
    let mut folders = vec![(root.to_path_buf(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        ensure!(depth <= DEPTH_MAX, "{} is nested deeper than {DEPTH_MAX}", folder.display());
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let entry = entry.with_context(|| folder.display().to_string())?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            let name = entry.file_name();
            let name = name.to_str().with_context(|| format!("{} is not UTF-8", path.display()))?;
            if name.starts_with('.') || name == "README.md" {
                continue;
            }
            ensure!(!kind.is_symlink(), "{} is a link; a catalog has files only", path.display());
            if kind.is_dir() {
                folders.push((path, depth + 1));
                continue;
            }
            count += 1;
            ensure!(count <= FILES_MAX, "{} has more than {FILES_MAX} files", root.display());
            let size = entry.metadata()?.len();
            ensure!(size <= FILE_BYTES_MAX as u64, "{} is larger than {FILE_BYTES_MAX} bytes", path.display());
            let inside = path.strip_prefix(root)?.components().map(|part| part.as_os_str().to_string_lossy());
            let key = inside.collect::<Vec<_>>().join("/");
            files.insert(key, fs::read(&path).with_context(|| path.display().to_string())?);
        }
    }
    Ok(files)
}

/// The catalog, or the first findings as one error.
///
/// The examples of the built-in one were run before it was released; those of another are run before it is used.
pub(crate) fn load(over: Option<&Path>) -> anyhow::Result<Catalog> {
    let files = files(over)?;
    sound(if over.is_some() { Catalog::check(&files) } else { Catalog::parse(&files) })
}

/// The catalog in these files, or its first findings as one error.
pub(crate) fn parse(files: &Files) -> anyhow::Result<Catalog> {
    sound(Catalog::parse(files))
}

fn sound((catalog, problems): (Option<Catalog>, Vec<Problem>)) -> anyhow::Result<Catalog> {
    catalog.with_context(|| {
        let errors: Vec<String> = problems.iter().filter(|p| p.is_error()).map(Problem::to_string).collect();
        let shown = errors.iter().take(5).cloned().collect::<Vec<_>>().join("\n  ");
        format!("the catalog has {} errors; `jiantong catalog check` names all:\n  {shown}", errors.len())
    })
}

fn check(dir: Option<&Path>, as_json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    let bar = ProgressBar::new_spinner().with_message("checking the catalog");
    bar.tick();
    let parsed = files(dir).map(|files| Catalog::check(&files));
    bar.finish_and_clear();
    let (catalog, problems) = parsed?;
    let examples = catalog.iter().flat_map(|c| c.matters.values()).map(|matter| matter.examples.len()).sum::<usize>();
    if as_json {
        let version = catalog.as_ref().map(Catalog::version);
        let matters = catalog.as_ref().map(|catalog| catalog.matters.len());
        let report = json!({ "version": version, "matters": matters, "examples": examples, "problems": problems });
        writeln!(out, "{report}")?;
    } else {
        for problem in &problems {
            writeln!(out, "{problem}")?;
        }
        if let Some(catalog) = &catalog {
            let (matters, registers) = (catalog.matters.len(), catalog.registers.len());
            writeln!(out, "{matters} matters, {registers} registers, {examples} examples as expected")?;
            writeln!(out, "version {}", catalog.version())?;
        }
    }
    out.flush()?;
    match problems.iter().filter(|problem| problem.is_error()).count() {
        0 => Ok(()),
        1 => bail!("1 problem in the catalog"),
        errors => bail!("{errors} problems in the catalog"),
    }
}

fn list(catalog: &Catalog, as_json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    let row = |matter: &Matter| {
        json!({
            "code": matter.code(), "name": matter.spec.name, "kind": matter.spec.kind, "levels": matter.spec.levels,
            "system": matter.system, "immediate": matter.spec.immediate, "version": matter.version,
        })
    };
    if as_json {
        let rows: Vec<_> = catalog.matters.values().map(|matter| row(matter)).collect();
        writeln!(out, "{}", json!(rows))?;
        return Ok(());
    }
    for matter in catalog.matters.values() {
        writeln!(out, "{}\t{}\t{}", matter.code(), matter.spec.name.zh, &matter.version[..12])?;
    }
    Ok(())
}

fn show(catalog: &Catalog, matter: &Matter, as_json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    let spec = &matter.spec;
    let tasks = || matter.tasks.iter().map(|(_, task)| task);
    let post = |code: &str| catalog.post_kinds.get(code).map_or_else(|| code.to_owned(), |kind| kind.name.zh.clone());
    if as_json {
        let tasks: Vec<_> = tasks()
            .map(|task| {
                let outcomes: Vec<&str> = task.outcomes.names().collect();
                json!({ "id": task.id, "name": task.name, "kind": task.kind, "post_kind": task.post_kind, "outcomes": outcomes })
            })
            .collect();
        let materials: Vec<_> = spec
            .materials
            .iter()
            .map(
                |m| json!({ "code": m.code, "name": m.name, "required": m.required, "from": m.from, "basis": m.basis }),
            )
            .collect();
        let report = json!({
            "code": matter.code(), "name": spec.name, "kind": spec.kind, "levels": spec.levels, "version": matter.version,
            "pages": matter.form.pages().iter().map(|page| &page.id).collect::<Vec<_>>(),
            "tasks": tasks, "materials": materials,
            "rules": matter.rules.as_ref().map(|rules| rules.rule_ids()),
            "schema": matter.form.schema(),
        });
        writeln!(out, "{report}")?;
        return Ok(());
    }
    writeln!(out, "{} {}", matter.code(), spec.name.zh)?;
    writeln!(out, "version {}", matter.version)?;
    for basis in &spec.basis {
        writeln!(out, "basis {} {}", basis.law, basis.articles)?;
    }
    for (what, versions) in [("statutory", &spec.limits.statutory), ("promised", &spec.limits.promised)] {
        for version in versions {
            writeln!(out, "{what} {}", limit_text(version))?;
        }
    }
    for task in tasks() {
        let outcomes: Vec<&str> = task.outcomes.names().collect();
        writeln!(out, "task {} {} ({}): {}", task.id, task.name.zh, post(&task.post_kind), outcomes.join(", "))?;
    }
    for material in &spec.materials {
        writeln!(out, "material {} {} [{}]", material.code, material.name.zh, material.required)?;
    }
    if let Some(rules) = &matter.rules {
        writeln!(out, "rules {}", rules.rule_ids().join(", "))?;
    }
    Ok(())
}

fn limit_text(version: &LimitVersion) -> String {
    let unit = match version.limit {
        Limit::WorkingDays(_) => "working days",
        Limit::CalendarDays(_) => "calendar days",
        Limit::Months(_) => "months",
        Limit::Hours(_) => "hours",
        Limit::BeforeCalendarDays(_) => "calendar days before",
        Limit::BeforeWorkingDays(_) => "working days before",
    };
    let from = version.valid_from.map(|day| format!(" from {day}")).unwrap_or_default();
    let to = version.valid_to.map(|day| format!(" to {day}")).unwrap_or_default();
    let basis = version.basis.as_deref().map(|basis| format!(" ({basis})")).unwrap_or_default();
    format!("{} {unit}{from}{to}{basis}", version.limit.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(command: CatalogCommand) -> (String, anyhow::Result<()>) {
        let mut out = Vec::new();
        let result = run(&CatalogArgs { command }, &mut out);
        (String::from_utf8(out).unwrap(), result)
    }

    #[test]
    fn the_built_in_catalog_is_sound() {
        let (text, result) = printed(CatalogCommand::Check { dir: None, json: false });
        result.unwrap();
        assert!(text.starts_with("18 matters, 5 registers, "), "{text}");
    }

    #[test]
    fn a_folder_overrides_and_its_defects_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let matter = folder.path().join("systems/licensing/matters/construction-permit");
        fs::create_dir_all(&matter).unwrap();
        fs::write(matter.join("guide.md"), "# 指南\n").unwrap();
        let (text, result) = printed(CatalogCommand::Check { dir: Some(folder.path().to_owned()), json: false });
        assert!(
            text.contains("construction-permit/guide.md:0: 救济: the section 救济 is missing or empty [guide-section]"),
            "{text}"
        );
        assert!(result.unwrap_err().to_string().ends_with("problems in the catalog"));
    }

    #[test]
    fn refuses_a_folder_that_is_none_and_a_matter_that_is_none() {
        let (_, result) = printed(CatalogCommand::Check { dir: Some("no-such-folder".into()), json: false });
        assert_eq!(result.unwrap_err().to_string(), "no-such-folder is not a folder");
        let (_, result) = printed(CatalogCommand::Show { code: "none".into(), catalog: None, json: false });
        assert_eq!(result.unwrap_err().to_string(), "the catalog has no matter none");
    }

    #[test]
    fn lists_and_shows() {
        let (text, _) = printed(CatalogCommand::List { catalog: None, json: false });
        assert!(text.contains("construction-permit\t建筑工程施工许可证核发\t"), "{text}");
        let (text, _) =
            printed(CatalogCommand::Show { code: "construction-permit".into(), catalog: None, json: false });
        assert!(text.contains("promised 3 working days from 2021-07-01 (实施清单)"), "{text}");
        assert!(text.contains("rules SP1, SP2, SP3, SP4, SP4-2, SP5, SP6"), "{text}");
        let (text, _) = printed(CatalogCommand::Show { code: "completion-filing".into(), catalog: None, json: true });
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(report["tasks"][0]["id"], "decide");
    }
}
