//! Search over cases and records.

use kernel::policy::Scope;

use super::Reader;
use crate::fault::Fault;
use crate::statement::{KeyKind, Listed, Order, Page, Scoped, Select};

/// Something found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its stream.
    pub stream: String,
    /// `case` or the register's name.
    pub family: String,
    /// Region code.
    pub region: String,
    /// The text in which the words stand.
    pub text: String,
}

const SEARCH: Scoped =
    Scoped { region: "s.region", organisation: Some("s.organisation"), target: "s.target", account: Some("s.account") };

impl Reader<'_> {
    /// Everything whose text holds every word, the last changed first. Ranking by relevance would cost a hundred times more for common words
    /// (dependencies.md) and officers look for what is current.
    pub fn search(
        &mut self,
        scope: &Scope,
        family: Option<&str>,
        query: &str,
        page: &Page,
    ) -> Result<Listed<Found>, Fault> {
        let mut select = Select::new(self.connection.dialect());
        if !select.matches(query) {
            return Ok(Listed { rows: Vec::new(), next: None });
        }
        select.within(scope, SEARCH);
        select.equals("s.family", family);
        let order = Order::by(&[("s.last_sequence", KeyKind::Int), ("s.stream", KeyKind::Text)], true);
        select.page(self.connection, "s.stream, s.family, s.region, s.text", "search s", &order, page, |row| {
            Ok(Found { stream: row.text()?, family: row.text()?, region: row.text()?, text: row.text()? })
        })
    }
}
