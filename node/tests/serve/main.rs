//! The binary as a service: it starts on an empty folder, answers, takes a catalog folder, stops in order, and its commands read what it left.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod messages;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_jiantong");

/// A node that serves until this value goes.
struct Node {
    process: Child,
    address: String,
    /// What it printed for people.
    said: String,
}

impl Node {
    fn start(data: &Path, more: &[&str]) -> Self {
        let mut process = Command::new(PROGRAM)
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "json", "--data"])
            .arg(data)
            .args(more)
            .env_remove("JIANTONG_FONTS")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let serving = log.by_ref().map_while(Result::ok).find(|line| line.contains("Serving on http://"));
        let serving: serde_json::Value = serde_json::from_str(&serving.expect("it says where it serves")).unwrap();
        // Whatever it says later must not fill the pipe.
        std::thread::spawn(move || log.for_each(drop));
        let mut said = String::new();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        out.read_line(&mut said).unwrap();
        let address = serving["url"].as_str().unwrap().trim_start_matches("http://").to_owned();
        Self { process, address, said }
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// As a power cut ends it.
    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn stop(mut self) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.process.wait().unwrap().success(), "it stops in order");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Stopped already, unless the test failed on the way.
        let _gone = self.process.kill();
        let _reaped = self.process.wait();
    }
}

fn jiantong(args: &[&str]) -> Output {
    Command::new(PROGRAM).args(args).output().unwrap()
}

#[test]
fn a_node_starts_on_nothing_serves_and_leaves_a_sound_journal() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let shown = data.display().to_string();
    let node = Node::start(&data, &[]);
    assert!(node.said.contains("/setup"), "the first start prints the set-up code: {}", node.said);
    let health = node.get("/health");
    assert!(health.starts_with("HTTP/1.1 200") && health.contains("\"status\":\"ok\""), "{health}");
    assert!(node.get("/").starts_with("HTTP/1.1 200"));
    assert!(node.get("/api/v1/openapi.json").contains("\"openapi\":\"3.1.0\""));
    assert!(node.get("/_ui").starts_with("HTTP/1.1 404"), "the gallery is the demonstration's");

    // Beside it: reading is possible, working on the same folder is not.
    let beside = jiantong(&["journal", "verify", "--data", &shown]);
    assert!(beside.status.success(), "{}", String::from_utf8_lossy(&beside.stderr));
    let second = jiantong(&["user", "add", "x", "--name", "X", "--applicant", "--generate", "--data", &shown]);
    assert!(String::from_utf8_lossy(&second.stderr).contains("in use by another process"));
    node.stop();

    let added = jiantong(&["user", "add", "x", "--name", "X", "--applicant", "--generate", "--data", &shown]);
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    assert_eq!(String::from_utf8_lossy(&added.stdout).trim().len(), 23, "a password of four groups");
    let mut unfit = Command::new(PROGRAM)
        .args(["user", "add", "y", "--name", "Y", "--applicant", "--data", &shown])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    unfit.stdin.take().unwrap().write_all(b"short\n").unwrap();
    assert!(!unfit.wait().unwrap().success(), "a password that does not stand opens no account");
    let listed = jiantong(&["user", "list", "--json", "--data", &shown]);
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    let listed = jiantong(&["user", "list", "--data", &shown]);
    assert!(String::from_utf8_lossy(&listed.stdout).contains(" x"));
    for args in [["replay", "--check"], ["reminders", "audit"], ["journal", "verify"]] {
        let done = jiantong(&[args[0], args[1], "--data", &shown]);
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
    // The export has every entry in order, as a file and on the standard output alike.
    let export = folder.path().join("journal.jsonl");
    assert!(jiantong(&["journal", "export", "--data", &shown, "--out", export.to_str().unwrap()]).status.success());
    let export = fs::read_to_string(&export).unwrap();
    assert_eq!(export.as_bytes(), jiantong(&["journal", "export", "--data", &shown]).stdout);
    let entries: Vec<serde_json::Value> = export.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(entries.iter().enumerate().all(|(n, entry)| entry["sequence"] == n && entry["body"].is_object()));
    let last = entries.last().unwrap();
    assert_eq!((&last["kind"], last["actor"]["system"].is_object()), (&"account-opened@1".into(), true), "{last}");
    assert!(last["stream"].as_str().unwrap().starts_with("account/") && last["at"].is_i64() && last["version"] == 1);
    let receipt = folder.path().join("receipt.json");
    let receipt = receipt.to_str().unwrap();
    assert!(jiantong(&["journal", "prove", "3", "--data", &shown, "--out", receipt]).status.success());
    assert!(jiantong(&["journal", "verify-receipt", receipt]).status.success());
}

#[test]
fn a_years_notice_is_loaded_by_command() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let shown = data.display().to_string();
    let node = Node::start(&data, &[]);
    assert!(node.get("/health").starts_with("HTTP/1.1 200"));
    node.stop();
    // The command takes the years around the machine's own.
    let this = Command::new("date").arg("+%Y").output().unwrap();
    let year = String::from_utf8(this.stdout).unwrap().trim().parse::<i32>().unwrap() + 1;
    let (year, issued) = (year.to_string(), format!("{}-01-05", year - 1));
    let file = folder.path().join("days.csv");
    let path = file.display().to_string();
    let load = |more: &[&str]| {
        let named = ["--title", "通知", "--number", "7", "--issued-on", &issued, "--source", "gov.cn", "--reason", "r"];
        let given = ["calendar", "load", &path, "--year", &year, "--data", &shown];
        let done = jiantong(&[&given[..], &named[..], more].concat());
        let said = [&done.stdout[..], &done.stderr[..]].concat();
        (done.status.success(), String::from_utf8(said).unwrap())
    };
    fs::write(&file, format!("date,kind,name\n{year}-01-01,holiday,元旦\n{year}-01-01,holiday,元旦\n")).unwrap();
    let (done, said) = load(&[]);
    assert!(!done && said.contains("days.csv: line 3: the day stands there already"), "{said}");
    fs::write(&file, "x".repeat(5000)).unwrap();
    assert!(load(&[]).1.contains("is larger than 4096 bytes"));
    fs::write(&file, format!("date,kind,name\n{year}-01-01,holiday,元旦\n")).unwrap();
    let (done, said) = load(&["--dry-run"]);
    assert!(done && said.contains("named: 1") && said.contains("open cases: 0"), "{said}");
    let (done, said) = load(&["--json"]);
    let said: serde_json::Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert!(done && said["preview"]["days"][0]["is"] == "holiday" && said["looked"] == 0, "{said}");
    let (done, said) = load(&[]);
    assert!(
        done && said.contains("is loaded with these days already"),
        "a second time goes on where the first was: {said}"
    );
    // Counted with by every later start, also of another catalog.
    let doctor = jiantong(&["doctor", "--data", &shown]);
    assert!(String::from_utf8_lossy(&doctor.stdout).contains("calendar"), "{doctor:?}");
    for args in [["replay", "--check"], ["journal", "verify"]] {
        assert!(jiantong(&[args[0], args[1], "--data", &shown]).status.success(), "{args:?}");
    }
}

#[test]
fn a_catalog_folder_adds_a_matter_without_a_rebuild() {
    let folder = tempfile::tempdir().unwrap();
    let over = folder.path().join("catalog/systems/licensing/matters/filing-of-ours");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../catalog/systems/licensing/matters/completion-filing");
    copy(&from, &over);
    let matter = fs::read_to_string(over.join("matter.toml")).unwrap();
    let matter = matter.replace("code      = \"completion-filing\"", "code      = \"filing-of-ours\"");
    fs::write(over.join("matter.toml"), matter.replace("建设工程竣工验收备案\"", "本县竣工备案\"")).unwrap();
    let catalog = folder.path().join("catalog");
    let node = Node::start(&folder.path().join("data"), &["--catalog", catalog.to_str().unwrap()]);
    let page = node.get("/matters");
    assert!(page.contains("/matters/filing-of-ours") && page.contains("本县竣工备案"), "{page}");
    assert!(node.get("/api/v1/matters").contains("filing-of-ours"));
    node.stop();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn what_must_not_be_served_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    fs::write(&config, "lisen = \"127.0.0.1:1\"\n").unwrap();
    let data = folder.path().join("data").display().to_string();
    for (args, part) in [
        (vec!["serve", "--listen", "0.0.0.0:0", "--data", &data], "--behind-proxy"),
        (vec!["serve", "--config", config.to_str().unwrap()], "lisen"),
        (vec!["serve", "--public-url", "gopher://x", "--data", &data], "public-url"),
        (vec!["demo", "--scale", "7", "--data", &data], "--scale"),
        (vec!["journal", "verify", "--data", &data], "holds no node"),
    ] {
        let refused = jiantong(&args);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success(), "{args:?}");
        assert!(said.contains(part) && said.trim().lines().count() <= 3, "{args:?}: {said}");
    }
}
