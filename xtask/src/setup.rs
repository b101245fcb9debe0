//! Getting what the build needs. Everything here is quick when nothing changed.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::packages;
use crate::shell::{self, Workspace};

/// The tool that reads licences, bans and sources of every dependency.
const CARGO_DENY_VERSION: &str = "0.20.2";

/// All that running and testing need.
pub(crate) fn everything(workspace: &Workspace) -> Result<()> {
    packages::require(&packages::BUILD.iter().chain(packages::TEST).collect::<Vec<_>>())?;
    for_running(workspace)?;
    cargo_deny(workspace)?;
    println!("ready: cargo xtask run, cargo xtask test");
    Ok(())
}

/// What a build of the binary and a run of the demo need: the built `ui/` and the fonts.
pub(crate) fn for_running(workspace: &Workspace) -> Result<()> {
    ui(workspace).context("ui/ could not be built")?;
    fonts(workspace).context("the fonts could not be fetched")
}

fn fonts(workspace: &Workspace) -> Result<()> {
    let fetched = crate::fonts::fetch(&workspace.root);
    if fetched.is_err() && shell::is_root() {
        // A fresh machine has no package lists.
        packages::update_lists()?;
        crate::fonts::fetch(&workspace.root)?;
        return Ok(());
    }
    fetched.map(|_| ())
}

/// Installs npm packages by lock file and builds `ui/dist`, each only when its sources changed.
fn ui(workspace: &Workspace) -> Result<()> {
    let folder = workspace.root.join("ui");
    if !folder.join("package.json").is_file() {
        println!("ui/ is not there yet: nothing to build");
        return Ok(());
    }
    packages::require(&packages::BUILD.iter().collect::<Vec<_>>())?;
    let stamps = workspace.target.join("setup");
    fs::create_dir_all(&stamps)?;

    let lock = fingerprint(&[folder.join("package.json"), folder.join("package-lock.json")])?;
    when_changed(&stamps.join("npm"), &lock, &folder.join("node_modules"), || {
        println!("ui: npm ci");
        // Install scripts of packages would run foreign code at build time, and some try to download browsers.
        shell::call(Command::new("npm").current_dir(&folder).args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
        ]))
    })?;

    let mut sources = Vec::new();
    collect(&folder, &mut sources)?;
    let sources = fingerprint(&sources)?;
    when_changed(&stamps.join("ui"), &sources, &folder.join("dist"), || {
        println!("ui: node build.mjs");
        shell::call(Command::new("node").current_dir(&folder).arg("build.mjs"))
    })
}

/// Finds `cargo-deny`, or installs it beside the build. `JIANTONG_TOOLS` names another folder, so that fresh clones can share one.
pub(crate) fn cargo_deny(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(found) = shell::on_path("cargo-deny") {
        return Ok(found);
    }
    let folder = std::env::var_os("JIANTONG_TOOLS").map_or_else(|| workspace.target.join("tools"), PathBuf::from);
    let program = folder.join("bin/cargo-deny");
    let stamp = folder.join("cargo-deny.version");
    when_changed(&stamp, CARGO_DENY_VERSION, &program, || {
        println!("cargo-deny {CARGO_DENY_VERSION} is not installed: building it once into {}", folder.display());
        let build = folder.join("build");
        let mut install =
            workspace.cargo(["install", "--locked", "--force", "cargo-deny", "--version", CARGO_DENY_VERSION]);
        install.arg("--root").arg(&folder);
        // It runs for seconds: its release profile (fat LTO) would cost minutes and win nothing.
        install.env("CARGO_TARGET_DIR", &build);
        for (option, value) in [("LTO", "off"), ("OPT_LEVEL", "1"), ("CODEGEN_UNITS", "16"), ("DEBUG", "0")] {
            install.env(format!("CARGO_PROFILE_RELEASE_{option}"), value);
        }
        shell::call(&mut install).context("cargo-deny could not be installed: licences and sources stay unchecked")?;
        fs::remove_dir_all(&build).context("the tool's build folder could not be removed")
    })?;
    Ok(program)
}

/// Does `work` unless the stamp says that it was done for the same fingerprint and its product still exists.
fn when_changed(stamp: &Path, fingerprint: &str, product: &Path, work: impl FnOnce() -> Result<()>) -> Result<()> {
    if product.exists() && fs::read_to_string(stamp).is_ok_and(|found| found == fingerprint) {
        return Ok(());
    }
    work()?;
    fs::write(stamp, fingerprint).with_context(|| format!("{} could not be written", stamp.display()))
}

/// The source files of a front-end folder: all but what npm and the build put there, and the checks.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("{} could not be read", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() {
            if name != "node_modules" && name != "dist" && name != "check" {
                collect(&path, files)?;
            }
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// A short text that changes when a name or a byte of the files changes. Times of files are not looked at: a checkout changes them all.
fn fingerprint(files: &[PathBuf]) -> Result<String> {
    let mut contents = BTreeMap::new();
    for file in files {
        contents.insert(file, fs::read(file).with_context(|| format!("{} could not be read", file.display()))?);
    }
    let mut hasher = DefaultHasher::new();
    contents.hash(&mut hasher);
    Ok(format!("{:016x}", hasher.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_done_again_only_when_a_source_changed_or_the_product_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let (source, product, stamp) =
            (folder.path().join("in.css"), folder.path().join("dist"), folder.path().join("stamp"));
        let build = || {
            let mut done = false;
            let print = fingerprint(std::slice::from_ref(&source)).unwrap();
            when_changed(&stamp, &print, &product, || {
                done = true;
                Ok(fs::write(&product, "built")?)
            })
            .unwrap();
            done
        };
        fs::write(&source, "a").unwrap();
        assert!(build(), "first time");
        assert!(!build(), "nothing changed");
        fs::write(&source, "b").unwrap();
        assert!(build(), "source changed");
        fs::remove_file(&product).unwrap();
        assert!(build(), "product gone");
    }

    #[test]
    fn failed_work_is_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let (product, stamp) = (folder.path().join("dist"), folder.path().join("stamp"));
        fs::write(&product, "half").unwrap();
        assert!(when_changed(&stamp, "1", &product, || anyhow::bail!("broken")).is_err());
        let mut done = false;
        when_changed(&stamp, "1", &product, || {
            done = true;
            Ok(())
        })
        .unwrap();
        assert!(done);
    }

    #[test]
    fn sources_are_all_files_but_packages_products_and_checks() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["jt.css", "src/a.mjs", "dist/jt.css", "node_modules/x/y.js", "check/axe.mjs"] {
            let file = folder.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        let mut files = Vec::new();
        collect(folder.path(), &mut files).unwrap();
        files.sort();
        assert_eq!(files, [folder.path().join("jt.css"), folder.path().join("src/a.mjs")]);
    }
}
