//! Any matter, for everyone: hall, window, inbox, case pages and their API.
