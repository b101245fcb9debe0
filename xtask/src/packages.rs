//! Debian packages that checking needs: named first, installed when root, never silently missing.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::shell;

/// A Debian package, what it is for, and how to see that it is there.
pub(crate) struct Package {
    pub(crate) name: &'static str,
    pub(crate) purpose: &'static str,
    present: fn() -> bool,
}

/// Needed to build.
pub(crate) const BUILD: &[Package] = &[
    Package { name: "nodejs", purpose: "builds ui/", present: || shell::on_path("node").is_some() },
    Package { name: "npm", purpose: "gets ui/'s packages by lock file", present: || shell::on_path("npm").is_some() },
];

/// Needed by `cargo xtask test`, not to build or run.
pub(crate) const TEST: &[Package] = &[
    Package { name: "postgresql", purpose: "the store suite on PostgreSQL", present: postgres_present },
    Package { name: "chromium", purpose: "browser journeys", present: || shell::on_path("chromium").is_some() },
    Package { name: "python3", purpose: "the oracle under tests/", present: || shell::on_path("python3").is_some() },
    Package { name: "poppler-utils", purpose: "reads the PDFs", present: || shell::on_path("pdffonts").is_some() },
];

/// Installs what is missing, or says what to install.
pub(crate) fn require(packages: &[&Package]) -> Result<()> {
    let missing: Vec<&Package> = packages.iter().copied().filter(|package| !(package.present)()).collect();
    for package in packages {
        let state = if (package.present)() { "there" } else { "missing" };
        println!("Debian package {:<14} {state:<8} {}", package.name, package.purpose);
    }
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    if !shell::is_root() {
        bail!("please install them: sudo apt-get install --no-install-recommends {}", names.join(" "));
    }
    if install(&names).is_err() {
        // A fresh machine has no package lists, or old ones.
        update_lists()?;
        install(&names)?;
    }
    match missing.iter().find(|package| !(package.present)()) {
        Some(package) => bail!("{} was installed, yet what it should bring is not found", package.name),
        None => Ok(()),
    }
}

/// Asks for the present lists of packages.
pub(crate) fn update_lists() -> Result<()> {
    shell::call(Command::new("apt-get").args(["update", "--quiet"]))
}

fn install(names: &[&str]) -> Result<()> {
    shell::call(
        Command::new("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["install", "--yes", "--quiet", "--no-install-recommends"])
            .args(names),
    )
}

/// Debian keeps the server's programs out of the search path, by major version.
fn postgres_present() -> bool {
    let versions = std::fs::read_dir(Path::new("/usr/lib/postgresql")).into_iter().flatten().flatten();
    shell::on_path("initdb").is_some()
        || versions.into_iter().any(|version| version.path().join("bin/initdb").is_file())
}
