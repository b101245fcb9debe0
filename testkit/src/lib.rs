//! Development only: a PostgreSQL server for tests, a world to decide in.

pub mod postgres;
pub mod world;
