//! A PostgreSQL server that hangs up, freezes or dies: what was acknowledged is kept, what is unknown is told by the key.

use std::process::Command as Program;
use std::time::{Duration, Instant};

use serde_json::json;
use testkit::postgres::Cluster;
use tokio::task::block_in_place;

use super::acts::join_all;
use super::faults::fault;
use super::world::{World, key, record, thing};
use crate::{Fault, Submission};

/// How often a configuration is waited for, and how long each time.
const TRIES: usize = 50;
const MOMENT: Duration = Duration::from_millis(20);

/// A store in a database of its own: its connections are told from those of other tests by it.
fn alone(cluster: &Cluster, test: impl AsyncFnOnce(World)) {
    let database = cluster.fresh_database();
    World::drive(World::at(Some(database.url().to_owned())), test);
}

/// Statements beside the store.
fn beside(world: &World, statements: &[&str]) {
    let done = block_in_place(|| {
        world.store.on_own_connection(|connection| statements.iter().try_for_each(|sql| connection.script(sql)))
    });
    done.unwrap();
}

/// A query beside the store: how many rows it has.
fn count(world: &World, sql: &str) -> usize {
    block_in_place(|| world.store.on_own_connection(|connection| Ok(connection.query(sql, &[])?.len())).unwrap())
}

const HANG_UP: &str = "select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()";

#[test]
fn a_server_that_hung_up_costs_nobody_an_answer() {
    alone(Cluster::shared(), async |world| {
        world.write("1", json!({})).await.unwrap();
        let read = |_| world.store.read(|reader| reader.version(&thing("1")));
        for round in 2..5 {
            // Every reader has its connection, and the writer too; then a restart ends all of them.
            join_all((0..8).map(read)).await;
            beside(&world, &[HANG_UP]);
            let (wrote, versions) = tokio::join!(world.write("1", json!({"v": round})), join_all((0..8).map(read)));
            assert!(wrote.is_ok() && versions.iter().all(Result::is_ok), "{wrote:?} {versions:?}");
        }
        assert_eq!(world.store.stats().faults, 0);
    });
}

/// A process that is stopped keeps its sockets alive (security.md §8): only a deadline of our own tells.
#[test]
fn a_frozen_server_is_given_up_after_its_deadline() {
    alone(Cluster::shared(), async |world| {
        world.write("1", json!({})).await.unwrap();
        let pid =
            |writes: &mut crate::Writes<'_>| writes.connection().query("select pg_backend_pid()", &[])?.remove(0).int();
        let frozen = Frozen::stop(world.store.write(pid).await.unwrap());
        let begin = Instant::now();
        // Nothing was asked of it when its deadline passed: another connection answers.
        world.write("2", json!({})).await.unwrap();
        assert!((5..20).contains(&begin.elapsed().as_secs()), "{:?}", begin.elapsed());
        let again = Instant::now();
        world.write("3", json!({})).await.unwrap();
        assert!(again.elapsed() < Duration::from_secs(5), "the frozen one was left");
        drop(frozen);
    });
}

/// A process that stands still until this value goes.
struct Frozen(String);

impl Frozen {
    fn stop(pid: i64) -> Self {
        let frozen = Self(pid.to_string());
        frozen.signal("-STOP");
        frozen
    }

    fn signal(&self, signal: &str) {
        let sent = Program::new("kill").args([signal, self.0.as_str()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill {signal} {}", self.0);
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.signal("-CONT");
    }
}

/// The connection ends while the commit is under way. The command may be on disk or not: its caller is told a fault, and the key the truth.
#[test]
fn a_connection_lost_at_commit_is_told_by_the_key() {
    let cluster = Cluster::start_own().unwrap();
    alone(&cluster, async |world| {
        let submission = |id: &str, name: &str| Submission {
            key: Some(key(name, 1)),
            ..world.submission(record("things", id, "", json!({"number": 1})))
        };
        let lost = submission("1", "lost");
        // Before anything is on disk.
        beside(
            &world,
            &[
                "create function hang_up() returns trigger language plpgsql as
             'begin perform pg_terminate_backend(pg_backend_pid()); return null; end'",
                "create constraint trigger hang_up after insert on entries deferrable initially deferred
             for each row execute function hang_up()",
            ],
        );
        fault(world.store.submit(lost.clone()).await);
        beside(&world, &["drop trigger hang_up on entries"]);
        let receipt = world.store.submit(lost).await.unwrap();
        assert_eq!((receipt.repeated, receipt.first_sequence, receipt.reply["number"].as_u64()), (false, 0, Some(1)));

        // After: the standby's word is awaited, and never comes.
        let reload = "select pg_reload_conf()";
        beside(&world, &["alter system set synchronous_standby_names = 'nobody'", reload]);
        let waits = "select 1 from pg_stat_activity where datname = current_database() and wait_event = 'SyncRep'";
        let mut entries = 1;
        let kept = loop {
            entries += 1;
            let kept = submission(&entries.to_string(), &format!("kept {entries}"));
            let waiting = world.store.submit(kept.clone());
            let hang_up = async {
                while count(&world, waits) == 0 {
                    beside(&world, &["select pg_sleep(0.05)"]);
                    tokio::task::yield_now().await;
                }
                beside(&world, &[HANG_UP]);
            };
            let mut waiting = std::pin::pin!(waiting);
            let answer = tokio::select! {
                biased;
                answer = &mut waiting => answer,
                () = hang_up => waiting.await,
            };
            // The server takes its new setting when it pleases: what was committed before that did not wait.
            if answer.is_err() {
                fault(answer);
                break kept;
            }
        };
        beside(&world, &["alter system reset synchronous_standby_names", reload]);
        let receipt = world.store.submit(kept).await.unwrap();
        assert_eq!(
            (receipt.repeated, receipt.first_sequence, receipt.reply["number"].as_u64()),
            (true, entries - 1, Some(entries))
        );
        let report = block_in_place(|| world.store.verify().unwrap());
        assert_eq!((report.entries, report.mismatches), (entries, Vec::new()));
    });
}

/// No standby answers any more: the commit is given up, and nothing is acknowledged until there is one.
#[test]
fn a_server_without_its_standby_acknowledges_nothing() {
    let cluster = Cluster::start_own().unwrap();
    alone(&cluster, async |world| {
        world.write("1", json!({})).await.unwrap();
        let reload = "select pg_reload_conf()";
        beside(&world, &["alter system set synchronous_standby_names = 'nobody'", reload]);
        // A server takes up its configuration a moment after it was told to.
        let mut given_up = false;
        for n in 0..TRIES {
            let answer = world.write(&format!("2/{n}"), json!({})).await;
            given_up = answer.is_err() && matches!(*fault(answer), Fault::Silent);
            if given_up {
                break;
            }
            tokio::time::sleep(MOMENT).await;
        }
        beside(&world, &["alter system reset synchronous_standby_names", reload]);
        let mut acknowledged = false;
        for n in 0..TRIES {
            acknowledged = world.write(&format!("3/{n}"), json!({})).await.is_ok();
            if acknowledged {
                break;
            }
            tokio::time::sleep(MOMENT).await;
        }
        assert!(given_up && acknowledged, "given up: {given_up}, acknowledged afterwards: {acknowledged}");
        assert_eq!(block_in_place(|| world.store.verify().unwrap()).mismatches, []);
    });
}
