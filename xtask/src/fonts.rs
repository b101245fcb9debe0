//! Fetches the fonts that paper is printed with (`print/fonts.toml`) from Debian packages into `target/fonts`. Needs no root: the
//! packages are downloaded and unpacked, not installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use sha2::{Digest, Sha256};

/// Makes sure that every font of the list lies in `target/fonts` under `root`, and returns that folder. What is there and right is kept.
pub(crate) fn fetch(root: &Path) -> anyhow::Result<PathBuf> {
    let list = fs::read_to_string(root.join("print/fonts.toml")).context("reading print/fonts.toml")?;
    let list: toml::Table = list.parse().context("print/fonts.toml")?;
    let dir = root.join("target/fonts");
    fs::create_dir_all(&dir)?;
    for package in rows(&list, "package")? {
        let name = field(package, "name")?;
        let mut fonts = rows(&list, "font")?;
        fonts.retain(|font| font.get("package").and_then(toml::Value::as_str) == Some(name));
        let mut complete = true;
        for font in &fonts {
            complete &= has(&dir.join(field(font, "file")?), field(font, "sha256")?)?;
        }
        if !complete {
            unpack(name, field(package, "version")?, &fonts, &dir)?;
        }
    }
    Ok(dir)
}

/// Downloads one package next to the cache and moves the checked files in, so that an interrupted run leaves no half file.
fn unpack(name: &str, version: &str, fonts: &[&toml::Table], dir: &Path) -> anyhow::Result<()> {
    eprintln!("fonts: fetching the Debian package {name}");
    let work = dir.join(format!(".{name}"));
    if work.exists() {
        fs::remove_dir_all(&work)?;
    }
    fs::create_dir_all(&work)?;
    // Another Debian release has another version of the package; its files may still be the pinned ones, which the hash decides.
    let pinned = run("apt-get", &["download", "-q", &format!("{name}={version}")], &work);
    if pinned.is_err() {
        run("apt-get", &["download", "-q", name], &work)
            .with_context(|| format!("the package {name} cannot be downloaded: is `apt-get update` recent?"))?;
    }
    let archive = fs::read_dir(&work)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .with_context(|| format!("apt-get download left no file for {name}"))?;
    run("dpkg-deb", &["-x", &archive.to_string_lossy(), "unpacked"], &work)?;
    for font in fonts {
        let (file, path) = (field(font, "file")?, field(font, "path")?);
        let unpacked = work.join("unpacked").join(path);
        ensure!(
            has(&unpacked, field(font, "sha256")?)?,
            "{file} of the package {name} is not the one pinned in print/fonts.toml (version {version} is)"
        );
        fs::rename(&unpacked, dir.join(file))?;
    }
    fs::remove_dir_all(&work)?;
    Ok(())
}

fn has(path: &Path, sha256: &str) -> anyhow::Result<bool> {
    if !path.is_file() {
        return Ok(false);
    }
    let digest = Sha256::digest(fs::read(path)?);
    let found: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(found == sha256)
}

fn run(program: &str, arguments: &[&str], dir: &Path) -> anyhow::Result<()> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(dir)
        .output()
        .with_context(|| format!("{program} is needed (Debian or a relative of it)"))?;
    if !output.status.success() {
        bail!("{program} {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

fn rows<'a>(list: &'a toml::Table, name: &str) -> anyhow::Result<Vec<&'a toml::Table>> {
    let rows = list.get(name).and_then(toml::Value::as_array).with_context(|| format!("[[{name}]] is missing"))?;
    Ok(rows.iter().filter_map(toml::Value::as_table).collect())
}

fn field<'a>(row: &'a toml::Table, name: &str) -> anyhow::Result<&'a str> {
    row.get(name)
        .and_then(toml::Value::as_str)
        .with_context(|| format!("print/fonts.toml: `{name}` is missing in {row}"))
}
