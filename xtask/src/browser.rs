//! Checks in a real browser, against a demo server that starts from an empty folder.
//!
//! First `ui/check/axe.mjs` looks at [`PAGES`]. Then each `ui/check/NAME.journey.mjs` is run by Node.js. A journey finds the server in
//! `JIANTONG_URL`, the program in `JIANTONG_PROGRAM` and the browser in `CHROMIUM`, may write pictures into the folder
//! `JIANTONG_PICTURES`, prints what it does, closes with `N passed, N failed`, and ends with a code other than 0 when something failed.
//! Journeys run in the order of their names and share the server: each brings the case it needs.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::run::SCALE;
use crate::shell::{self, Workspace};
use crate::steps::Steps;

/// What anybody may see without logging in; the pages under `/_ui` show every component. Pages behind the login are looked at by journeys.
const PAGES: &[&str] = &[
    "/",
    "/matters",
    "/progress",
    "/verify",
    "/sign-in",
    "/nowhere",
    "/_ui",
    "/_ui/form",
    "/_ui/check",
    "/_ui/inbox",
    "/_ui/case",
    "/_ui/states",
    "/_ui/document",
    "/_ui/error",
];

/// Runs every check as a step of its own.
pub(crate) fn journeys(workspace: &Workspace, steps: &mut Steps) {
    let folder = workspace.root.join("ui/check");
    let journeys = journeys_in(&folder);
    if journeys.is_empty() {
        steps.skip("browser", "ui/check has no journeys yet");
        return;
    }
    let mut server = None;
    steps.step("browser: demo server", |_| {
        server = Some(Server::start(workspace)?);
        Ok(())
    });
    let Some(server) = server else {
        steps.skip("browser", "the demo server did not start");
        return;
    };
    let pictures = workspace.target.join("pictures");
    steps.step("browser: axe", |_| {
        let mut axe = node(workspace, &folder.join("axe.mjs"), &server, &pictures)?;
        axe.arg("--out").arg(&pictures).args(PAGES.iter().map(|page| format!("{}{page}", server.url)));
        shell::call(&mut axe)
    });
    for script in journeys {
        let name = script.file_name().unwrap_or_default().to_string_lossy().replace(JOURNEY, "");
        steps.step(&format!("browser: {name}"), |counts| {
            let mut journey = node(workspace, &script, &server, &pictures)?;
            shell::call_watched(&mut journey, |line| counts.read(line))?;
            if counts.passed + counts.failed == 0 { bail!("it checked nothing") } else { Ok(()) }
        });
    }
}

/// How the file of a journey ends.
const JOURNEY: &str = ".journey.mjs";

fn journeys_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut journeys: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| path.to_string_lossy().ends_with(JOURNEY)).collect();
    journeys.sort();
    journeys
}

fn node(workspace: &Workspace, script: &Path, server: &Server, pictures: &Path) -> Result<Command> {
    fs::create_dir_all(pictures)?;
    let mut node = workspace.command("node");
    node.arg(script).env("JIANTONG_URL", &server.url).env("JIANTONG_PICTURES", pictures);
    node.env("JIANTONG_PROGRAM", workspace.binary());
    node.env("CHROMIUM", shell::on_path("chromium").context("chromium is not installed")?);
    Ok(node)
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
    fn journeys_are_known_by_their_ending_and_run_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.journey.mjs", "a.journey.mjs", "axe.mjs", "notes.md"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let expected = [folder.path().join("a.journey.mjs"), folder.path().join("b.journey.mjs")];
        assert_eq!(journeys_in(folder.path()), expected);
        assert!(journeys_in(&folder.path().join("missing")).is_empty());
    }
}
