//! Development only: seeded worlds, in-memory desk, harnesses.

pub mod postgres;
