//! A PostgreSQL server to test against: prints its address and stops when standard input closes.
//!
//! `cargo run -p jiantong-testkit --bin test-postgres` gives a person one to play with until Ctrl-D.
#![expect(clippy::print_stdout, reason = "the address is this program's answer")]

use std::process::ExitCode;

use jiantong_testkit::postgres::Cluster;

fn main() -> ExitCode {
    match Cluster::start_own() {
        Ok(cluster) => {
            println!("{}", cluster.url());
            // Whether it ends in order or with an error: nobody is there any more.
            drop(std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
            drop(cluster);
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("PostgreSQL for tests: {reason}");
            ExitCode::FAILURE
        }
    }
}
