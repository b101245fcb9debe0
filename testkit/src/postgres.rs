//! A PostgreSQL server for tests: its own data folder, reached over a Unix socket only, gone when the tests are.
//!
//! PostgreSQL refuses to run as root; then the server runs as the user `postgres`, or `nobody` where there is none. `fsync` stays on: what
//! the tests prove about durability and speed holds for a server as people run it.
//!
//! Tests take [`Cluster::shared`] and a database (or schema) of their own; they never share rows. `cargo xtask test` starts one server for
//! all test programs and names it in `JIANTONG_TEST_DATABASE`; so can anyone with a server at hand.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use ::postgres::{Client, NoTls};

/// The variable that names a server to use instead of starting one.
pub const SERVER_VARIABLE: &str = "JIANTONG_TEST_DATABASE";

/// The shell keeps the server: it stops it when its own standard input closes. That happens when we are done, and also when the test program
/// is killed, so that no server and no folder is ever left behind.
const KEEPER: &str = r#"
trap '' PIPE
cd "$1" || exit 1
stop() { "$2/pg_ctl" -D data -m immediate -w stop >/dev/null 2>&1; cd /; rm -rf "$1"; }
fail() { cat log >&2; stop "$@"; exit 1; }
"$2/initdb" -D data -U jiantong --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-instructions >log 2>&1 || fail "$@"
"$2/pg_ctl" -D data -l log -w -o "-k '$1' -c listen_addresses='' -c fsync=on -c max_connections=300" start </dev/null >/dev/null 2>&1 || fail "$@"
echo ready 2>/dev/null && read -r _
stop "$@"
"#;

/// A running PostgreSQL server.
#[derive(Debug)]
pub struct Cluster {
    url: String,
    keeper: Option<Keeper>,
}

#[derive(Debug)]
struct Keeper {
    process: Child,
    input: Option<ChildStdin>,
}

/// A database or a schema that belongs to one test; dropped with this value.
#[derive(Debug)]
pub struct Own {
    url: String,
    admin_url: String,
    drop_statement: String,
}

impl Cluster {
    /// Uses the server that `JIANTONG_TEST_DATABASE` names, or starts one.
    ///
    /// # Panics
    /// When PostgreSQL is not installed or does not start: a test that needs it must not pass without it.
    pub fn start() -> Self {
        match std::env::var(SERVER_VARIABLE) {
            Ok(url) if !url.is_empty() => Self { url, keeper: None },
            _ => match Self::start_own() {
                Ok(cluster) => cluster,
                Err(reason) => panic!("PostgreSQL for tests: {reason}"),
            },
        }
    }

    /// The server that all tests of this program share.
    ///
    /// # Panics
    /// As [`Cluster::start`].
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Starts a server, whatever the environment says.
    ///
    /// # Errors
    /// When PostgreSQL is not installed or does not start, with the server's own words.
    pub fn start_own() -> Result<Self, String> {
        let programs = programs().ok_or("not installed (Debian package `postgresql`)")?;
        let folder = fresh_folder().map_err(|error| format!("no folder for its data: {error}"))?;
        let mut command = match server_user(&folder)? {
            None => Command::new("sh"),
            Some((uid, gid)) => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid", &uid.to_string(), "--regid", &gid.to_string(), "--clear-groups", "sh"]);
                command
            }
        };
        command.arg("-c").arg(KEEPER).arg("sh").arg(&folder).arg(&programs);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group of its own: Ctrl-C in the terminal ends the tests, and the closing input then stops the server in order.
        command.process_group(0);
        let mut process = command.spawn().map_err(|error| format!("could not be started: {error}"))?;
        let mut line = String::new();
        if let Some(output) = process.stdout.take() {
            BufReader::new(output).read_line(&mut line).map_err(|error| error.to_string())?;
        }
        if line.trim() != "ready" {
            let mut words = String::new();
            if let Some(mut errors) = process.stderr.take() {
                errors.read_to_string(&mut words).map_err(|error| error.to_string())?;
            }
            process.wait().map_err(|error| error.to_string())?;
            return Err(format!("did not start: {}", words.trim()));
        }
        let socket = folder.to_string_lossy().replace('/', "%2F");
        let input = process.stdin.take();
        Ok(Self { url: format!("postgresql://jiantong@{socket}/postgres"), keeper: Some(Keeper { process, input }) })
    }

    /// The address of the server's first database, as `--database` takes it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A new, empty database.
    ///
    /// # Panics
    /// When the server does not answer.
    pub fn fresh_database(&self) -> Own {
        let name = fresh_name();
        execute(&self.url, &format!("create database {name}"));
        let (base, options) =
            self.url.split_once('?').map_or((self.url.as_str(), None), |(base, options)| (base, Some(options)));
        // The path after the host, when there is one, is the name of the first database.
        let host_end = base.find("://").map_or(0, |scheme| scheme + 3);
        let base = base[host_end..].find('/').map_or(base, |slash| &base[..host_end + slash]);
        let options = options.map(|options| format!("?{options}")).unwrap_or_default();
        Own {
            url: format!("{base}/{name}{options}"),
            admin_url: self.url.clone(),
            drop_statement: format!("drop database {name} with (force)"),
        }
    }

    /// A new, empty schema in the first database, alone on the search path: made in a hundredth of the time of a database.
    ///
    /// # Panics
    /// When the server does not answer.
    pub fn fresh_schema(&self) -> Own {
        let name = fresh_name();
        execute(&self.url, &format!("create schema {name}"));
        let mark = if self.url.contains('?') { '&' } else { '?' };
        Own {
            url: format!("{}{mark}options=-c%20search_path%3D{name}", self.url),
            admin_url: self.url.clone(),
            drop_statement: format!("set lock_timeout = '2s'; drop schema {name} cascade"),
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(keeper) = &mut self.keeper {
            drop(keeper.input.take());
            // The keeper ends by itself; if it cannot be waited for, nothing is left to do about it here.
            if let Err(error) = keeper.process.wait() {
                eprintln!("PostgreSQL for tests did not stop: {error}");
            }
        }
    }
}

impl Own {
    /// The address, as `--database` takes it.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // On a server of our own the whole folder goes anyway; on somebody else's, what still holds locks stays, and that is said.
        let dropped =
            Client::connect(&self.admin_url, NoTls).and_then(|mut client| client.batch_execute(&self.drop_statement));
        if let Err(error) = dropped {
            eprintln!("`{}`: {error}", self.drop_statement);
        }
    }
}

fn execute(url: &str, statement: &str) {
    // A test may have left the server waiting for a standby that never comes: setting up and clearing away waits for none.
    let done = Client::connect(url, NoTls).and_then(|mut client| {
        client.batch_execute("set synchronous_commit = local")?;
        client.batch_execute(statement)
    });
    if let Err(error) = done {
        panic!("`{statement}` at {url}: {error}");
    }
}

/// Unlike that of any other test in any other program.
fn fresh_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// A short path: a Unix socket's address holds about a hundred bytes.
fn fresh_folder() -> std::io::Result<PathBuf> {
    let folder = tempfile::Builder::new().prefix("jiantong-postgres-").tempdir()?;
    // The keeper removes it, even when we are killed.
    Ok(folder.keep())
}

/// The folder with the server's programs; Debian keeps them by major version.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    let newest = versions.filter(|folder| folder.join("bin/initdb").is_file()).max_by_key(|folder| {
        folder.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse::<u32>().ok())
    });
    let on_path = || std::env::split_paths(&std::env::var_os("PATH")?).find(|folder| folder.join("initdb").is_file());
    newest.map(|folder| folder.join("bin")).or_else(on_path)
}

/// As whom the server must run: as ourselves, or for root as another user and group, who then own the folder.
fn server_user(folder: &Path) -> Result<Option<(u32, u32)>, String> {
    let uid = std::fs::metadata("/proc/self").map_err(|error| error.to_string())?.uid();
    if uid != 0 {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd").map_err(|error| error.to_string())?;
    for name in ["postgres", "nobody"] {
        let fields =
            users.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| fields.first() == Some(&name));
        let ids = fields.and_then(|fields| Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?)));
        if let Some((uid, gid)) = ids {
            chown(folder, Some(uid), Some(gid)).map_err(|error| format!("{}: {error}", folder.display()))?;
            return Ok(Some((uid, gid)));
        }
    }
    Err("runs not as root, and there is neither a user `postgres` nor `nobody`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(url: &str, query: &str) -> String {
        Client::connect(url, NoTls).unwrap().query_one(query, &[]).unwrap().get(0)
    }

    #[test]
    fn a_server_of_our_own_starts_with_fsync_and_without_a_port_and_leaves_nothing() {
        let cluster = Cluster::start_own().unwrap();
        assert_eq!(value(cluster.url(), "show fsync"), "on");
        assert_eq!(value(cluster.url(), "show listen_addresses"), "");
        assert_eq!(value(cluster.url(), "show server_encoding"), "UTF8");
        // Under a plain C locale trigrams would drop Chinese characters.
        assert_eq!(
            value(cluster.url(), "select datcollate::text from pg_database where datname = 'postgres'"),
            "C.UTF-8"
        );
        let folder = PathBuf::from(value(cluster.url(), "show unix_socket_directories"));
        assert!(folder.is_dir());
        drop(cluster);
        assert!(!folder.exists());
    }

    #[test]
    fn databases_and_schemas_do_not_see_each_other_and_go_with_their_value() {
        let cluster = Cluster::shared();
        for own in
            [[cluster.fresh_database(), cluster.fresh_database()], [cluster.fresh_schema(), cluster.fresh_schema()]]
        {
            for (number, one) in own.iter().enumerate() {
                let mut client = Client::connect(one.url(), NoTls).unwrap();
                client.batch_execute("create table only_here (x integer)").unwrap();
                let rows = i32::try_from(number).unwrap();
                client.execute("insert into only_here values ($1)", &[&rows]).unwrap();
                assert_eq!(client.query("select x from only_here", &[]).unwrap().len(), 1);
            }
            let [first, second] = own;
            let url = second.url().to_owned();
            drop((first, second));
            let seen = Client::connect(&url, NoTls).and_then(|mut client| client.query("select x from only_here", &[]));
            assert!(seen.is_err(), "{url} is still there");
        }
    }

    #[test]
    fn a_server_that_is_told_nothing_sensible_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let mut keeper = Command::new("sh");
        keeper.arg("-c").arg(KEEPER).arg("sh").arg(folder.path().join("missing")).arg("/nowhere");
        let output = keeper.stdin(Stdio::null()).output().unwrap();
        assert!(!output.status.success());
        assert!(!String::from_utf8_lossy(&output.stderr).is_empty());
    }
}
