//! Development only: a PostgreSQL server and a mail server for tests, a world to decide in, a bureau whose cases are real.

pub mod bureau;
pub mod postgres;
pub mod smtp;
pub mod world;
