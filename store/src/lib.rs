//! Database and files: one trait, SQLite and PostgreSQL, one conformance suite.
