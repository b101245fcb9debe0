//! `cargo xtask test`: everything that must hold before a change lands.

use std::io::{BufRead, BufReader};
use std::process::{Child, ExitCode, Stdio};

use anyhow::{Context, Result};

use crate::packages;
use crate::shell::{self, Workspace};
use crate::steps::{Counts, Steps};
use crate::{browser, run, setup, tidy};

/// The variable under which tests find the PostgreSQL server that this run started.
const TEST_DATABASE: &str = "JIANTONG_TEST_DATABASE";

/// What to check.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Leave out what needs minutes or more Debian packages than PostgreSQL: licences and browser
    #[arg(long)]
    fast: bool,
}

/// Runs every step and prints the table.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> ExitCode {
    let mut steps = Steps::default();
    if !options.fast {
        steps.step("Debian packages", |_| {
            packages::require(&packages::BUILD.iter().chain(packages::TEST).collect::<Vec<_>>())
        });
    }
    steps.step("ui and fonts", |_| setup::for_running(workspace));
    steps.step("tidy", |_| tidy::run(workspace));
    steps.step("format", |_| shell::call(&mut workspace.cargo(["fmt", "--all", "--check"])));
    steps.step("clippy", |_| {
        let words = ["clippy", "--locked", "--quiet", "--workspace", "--all-targets", "--", "--deny", "warnings"];
        shell::call(&mut workspace.cargo(words))
    });
    if options.fast {
        steps.skip("licences and sources", "--fast");
    } else {
        steps.step("licences and sources", |_| deny(workspace));
    }
    let built = steps.step("build tests and binary", |_| {
        shell::call(&mut workspace.cargo(["test", "--locked", "--workspace", "--no-run"]))?;
        run::build(workspace)
    });
    if built {
        steps.step("cargo test", |counts| tests(workspace, counts));
        catalog(workspace, &mut steps);
        if options.fast {
            steps.skip("browser", "--fast");
        } else {
            browser::journeys(workspace, &mut steps);
        }
    } else {
        for step in ["cargo test", "catalog check", "browser"] {
            steps.skip(step, "the build failed");
        }
    }
    steps.close()
}

fn deny(workspace: &Workspace) -> Result<()> {
    let program = setup::cargo_deny(workspace)?;
    // Advisories need a database from outside the package registries: they are checked where there is a network.
    shell::call(workspace.command(program).args(["--locked", "check", "bans", "licenses", "sources"]))
}

fn tests(workspace: &Workspace, counts: &mut Counts) -> Result<()> {
    let database = Database::start(workspace)?;
    let mut test = workspace.cargo(["test", "--locked", "--workspace", "--no-fail-fast"]);
    test.env(TEST_DATABASE, &database.url);
    shell::call_watched(&mut test, |line| counts.read(line))
}

fn catalog(workspace: &Workspace, steps: &mut Steps) {
    if workspace.root.join("catalog/systems").is_dir() {
        steps.step("catalog check", |_| {
            shell::call(workspace.command(workspace.binary()).args(["catalog", "check", "catalog"]))
        });
    } else {
        steps.skip("catalog check", "there is no catalog yet");
    }
}

/// A PostgreSQL server for the whole run; it stops when this value goes, because its standard input closes.
struct Database {
    url: String,
    server: Option<Child>,
}

impl Database {
    fn start(workspace: &Workspace) -> Result<Self> {
        if let Ok(url) = std::env::var(TEST_DATABASE) {
            return Ok(Self { url, server: None });
        }
        // With the whole workspace's features: `-p` would select others and build half the tree again.
        shell::call(&mut workspace.cargo(["build", "--locked", "--workspace", "--bin", "test-postgres"]))?;
        let mut server = workspace
            .command(workspace.binary().with_file_name("test-postgres"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("PostgreSQL could not be started")?;
        let mut url = String::new();
        BufReader::new(server.stdout.take().context("PostgreSQL has no output")?).read_line(&mut url)?;
        let url = url.trim().to_owned();
        if url.is_empty() {
            anyhow::bail!("PostgreSQL did not start, its messages stand above");
        }
        println!("PostgreSQL for tests: {url}");
        Ok(Self { url, server: Some(server) })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            drop(server.stdin.take());
            if let Err(error) = server.wait() {
                println!("PostgreSQL did not stop: {error}");
            }
        }
    }
}
