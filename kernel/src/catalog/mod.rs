//! Catalog packages (architecture.md §6): what a business system is, read from files and checked as a whole.
//!
//! Reading and checking are pure: [`Files`] in, a [`Catalog`] and every [`Problem`] out. Where the files come from (the binary, `--catalog
//! DIR`, the store's copy of an older version) is somebody else's business.

mod acts;
mod check;
mod examples;
mod files;
mod kinds;
mod lanes;
mod limits;
pub mod matter;
mod notices;
mod ordered;
mod package;
pub(crate) mod paths;
pub mod pattern;
mod problem;
mod read;
mod scope;
mod shared;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use base::calendar::Calendar;
use base::number::Registers;
use base::region::Regions;

pub use examples::{ExampleResult, run_example};
pub use files::{FILE_BYTES_MAX, Files};
use matter::MatterCode;
pub use ordered::Ordered;
pub use package::*;
pub use problem::{Problem, Severity};
pub use read::ACTIONS;
use read::Reader;
pub use shared::*;

/// A whole catalog in one version. Immutable; share it in an `Arc`.
#[derive(Debug, Clone)]
pub struct Catalog {
    version: String,
    /// The working-day calendar.
    pub calendar: Calendar,
    /// Regions with validity.
    pub regions: Arc<Regions>,
    /// The numbering registers.
    pub numbers: Registers,
    /// Limits that hold for every matter.
    pub limits: CommonLimits,
    /// Post kinds by code.
    pub post_kinds: BTreeMap<String, PostKind>,
    /// Who may do what.
    pub grants: Vec<Grant>,
    /// The directory to start with.
    pub directory: Directory,
    /// Business systems in menu order.
    pub systems: Vec<System>,
    /// Registers by code.
    pub registers: BTreeMap<String, Arc<Register>>,
    /// Matters by code.
    pub matters: BTreeMap<MatterCode, Arc<Matter>>,
    /// Templates by path inside the catalog.
    pub templates: BTreeMap<String, String>,
}

impl Catalog {
    /// As [`Catalog::parse`], and runs the examples of every matter: before a catalog is taken into use, and for its authors.
    pub fn check(files: &Files) -> (Option<Self>, Vec<Problem>) {
        let (catalog, mut problems) = Self::parse(files);
        let matters = catalog.iter().flat_map(|catalog| catalog.matters.values());
        problems.extend(matters.flat_map(|matter| examples::run_examples(files, matter)));
        let sound = !problems.iter().any(Problem::is_error);
        (catalog.filter(|_| sound), problems)
    }

    /// Reads everything and checks that it fits together. A catalog comes out when no finding is an error.
    pub fn parse(files: &Files) -> (Option<Self>, Vec<Problem>) {
        Self::parse_with(files, &[])
    }

    /// As [`Catalog::parse`], with acts that areas registered by name.
    pub fn parse_with(files: &Files, registered_acts: &[&str]) -> (Option<Self>, Vec<Problem>) {
        let mut reader = Reader { files, problems: Vec::new() };
        let calendar = reader.calendar();
        let regions = Arc::new(reader.regions().unwrap_or_default());
        let numbers = reader.numbers();
        let limits = reader.common_limits();
        let post_kinds = reader.post_kinds();
        let grants = reader.grants(&post_kinds);
        let directory = reader.directory(&post_kinds, &regions);
        let systems = reader.systems();
        let registers = reader.registers(&systems, &regions);
        let mut matters = BTreeMap::new();
        let shared = check::SharedNames {
            numbers: &numbers,
            post_kinds: &post_kinds,
            registers: &registers,
            registered_acts,
            regions: &regions,
            directory: &directory,
            matters: systems
                .iter()
                .flat_map(|system| reader.folders(&format!("systems/{}/matters/", system.code)))
                .collect(),
        };
        for system in &systems {
            for folder in reader.folders(&format!("systems/{}/matters/", system.code)) {
                let Some(matter) = reader.matter(&system.code, &folder, &shared) else { continue };
                let file = format!("{}matter.toml", matter.folder);
                let code = matter.spec.code.clone();
                if matters.insert(code.clone(), Arc::new(matter)).is_some() {
                    reader.findings(&file).error("code", "duplicate", format!("matter {code} stands in two systems"));
                }
            }
        }
        reader.grant_targets(&grants, &matters, &registers);
        let templates = files
            .iter()
            .filter(|(path, _)| path.ends_with(".typ"))
            .filter_map(|(path, _)| Some((path.to_owned(), files.text(path)?.to_owned())))
            .collect();
        let mut problems = reader.problems;
        problems.sort();
        problems.dedup();
        if problems.iter().any(Problem::is_error) {
            return (None, problems);
        }
        let (Some(calendar), Some(limits)) = (calendar, limits) else {
            return (None, problems);
        };
        let catalog = Self {
            version: files.version(files.iter().map(|(path, _)| path)),
            calendar,
            regions,
            numbers,
            limits,
            post_kinds,
            grants: grants.into_iter().map(|(_, grant)| grant).collect(),
            directory,
            systems,
            registers,
            matters,
            templates,
        };
        (Some(catalog), problems)
    }

    /// The same version with a calendar that knows more: years that were loaded since it was made.
    pub fn with_calendar(&self, calendar: Calendar) -> Self {
        Self { calendar, ..self.clone() }
    }

    /// SHA-256 over the sorted paths and file hashes, in hexadecimal.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// A matter by its code.
    pub fn matter(&self, code: &str) -> Option<&Arc<Matter>> {
        self.matters.get(&MatterCode(code.to_owned()))
    }

    /// A register by its code.
    pub fn register(&self, code: &str) -> Option<&Arc<Register>> {
        self.registers.get(code)
    }
}
