//! Journeys in a real browser: each `ui/check/NAME.mjs` (not those that start with `_`) is run by Node.js against a demo server.
//!
//! A journey finds the server in `JIANTONG_URL` and the browser in `JIANTONG_CHROMIUM`, may write pictures into `JIANTONG_PICTURES`, prints
//! what it does, closes with `N passed, N failed`, and ends with a code other than 0 when something failed.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use anyhow::{Context, Result, bail};

use crate::run::SCALE;
use crate::shell::{self, Workspace};
use crate::steps::Steps;

/// Runs every journey as a step of its own.
pub(crate) fn journeys(workspace: &Workspace, steps: &mut Steps) {
    let scripts = scripts(&workspace.root.join("ui/check"));
    if scripts.is_empty() {
        steps.skip("browser", "ui/check has no journeys yet");
        return;
    }
    let mut server = None;
    let started = steps.step("browser: demo server", |_| {
        server = Some(Server::start(workspace)?);
        Ok(())
    });
    for script in scripts {
        let name = format!("browser: {}", script.file_stem().unwrap_or_default().to_string_lossy());
        match (&server, started) {
            (Some(server), true) => {
                steps.step(&name, |counts| {
                    let pictures = workspace.target.join("pictures");
                    fs::create_dir_all(&pictures)?;
                    let mut journey = workspace.command("node");
                    journey.arg(&script).env("JIANTONG_URL", &server.url).env("JIANTONG_PICTURES", pictures);
                    journey.env("JIANTONG_CHROMIUM", shell::on_path("chromium").context("chromium is not installed")?);
                    shell::call_watched(&mut journey, |line| counts.read(line))?;
                    if counts.passed == 0 { bail!("it checked nothing") } else { Ok(()) }
                });
            }
            _ => steps.skip(&name, "the demo server did not start"),
        }
    }
}

fn scripts(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut scripts: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "mjs"))
        .filter(|path| !path.file_name().unwrap_or_default().to_string_lossy().starts_with('_'))
        .collect();
    scripts.sort();
    scripts
}

/// A demo province on a free port; it stops when this value goes.
struct Server {
    url: String,
    process: Child,
}

impl Server {
    /// Starts from an empty folder, because journeys change what they find, and waits for the line that names the address.
    fn start(workspace: &Workspace) -> Result<Self> {
        let data = workspace.target.join("browser-demo");
        if data.exists() {
            fs::remove_dir_all(&data).with_context(|| format!("{} could not be removed", data.display()))?;
        }
        let mut process = workspace
            .command(workspace.binary())
            .args(["demo", "--listen", "127.0.0.1:0", "--scale", SCALE, "--data"])
            .arg(&data)
            .stdout(Stdio::piped())
            .spawn()
            .context("jiantong demo could not be started")?;
        let mut lines = BufReader::new(process.stdout.take().context("jiantong demo has no output")?).lines();
        let url = lines.by_ref().map_while(Result::ok).find_map(|line| address(&line));
        // Whatever it says later must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        match url {
            Some(url) => Ok(Self { url, process }),
            None => bail!("jiantong demo ended with {} before it named its address", process.wait()?),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.process.kill().and_then(|()| self.process.wait()).is_err() {
            println!("the demo server did not stop");
        }
    }
}

/// The loopback address in a line of the server's output.
fn address(line: &str) -> Option<String> {
    let start = line.find("http://127.0.0.1:")?;
    let rest = &line[start..];
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || ":/.".contains(c))).unwrap_or(rest.len());
    Some(rest[..end].trim_end_matches(['/', '.']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_a_line_for_people() {
        let table = [
            ("  打开 http://127.0.0.1:41234/ 登录", Some("http://127.0.0.1:41234")),
            ("\u{1b}[1mhttp://127.0.0.1:8080\u{1b}[0m", Some("http://127.0.0.1:8080")),
            ("Listening on http://127.0.0.1:8080.", Some("http://127.0.0.1:8080")),
            ("building the province", None),
        ];
        for (line, expected) in table {
            assert_eq!(address(line).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn journeys_are_the_modules_without_underscore_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.mjs", "a.mjs", "_browser.mjs", "notes.md"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(scripts(folder.path()), [folder.path().join("a.mjs"), folder.path().join("b.mjs")]);
        assert!(scripts(&folder.path().join("missing")).is_empty());
    }
}
