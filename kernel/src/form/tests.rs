//! Forms in tables.
