//! A PostgreSQL server that hangs up, freezes or dies: what was acknowledged is kept, what is unknown is told by the key.

use serde_json::json;
use testkit::postgres::Cluster;
use tokio::task::block_in_place;

use super::acts::join_all;
use super::world::{World, thing};

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
