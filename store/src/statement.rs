//! Statements put together from declared parts: conditions, the scope, the place in a list. Values are always bound.

use base::deadline::Light;
use data_encoding::BASE64URL_NOPAD;
use jiff::civil::Date;
use kernel::policy::Scope;

use crate::fault::Fault;
use crate::search::{index_query, words};
use crate::sql::{Connection, Dialect, Row, Value};

/// Rows of a page at most (security.md §6).
pub const PAGE_ROWS_MAX: u32 = 100;

/// Which part of a list: keyset paging, so that the thousandth page costs what the first does and no row is shown twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Where the page before ended.
    pub after: Option<Cursor>,
    /// Rows wanted; at most [`PAGE_ROWS_MAX`], 0 means that many.
    pub rows: u32,
}

impl Page {
    /// Rows of it when the list is long enough.
    pub(crate) fn wanted(&self) -> u32 {
        if self.rows == 0 { PAGE_ROWS_MAX } else { self.rows.min(PAGE_ROWS_MAX) }
    }
}

/// A place in a list, to be given back as it came: letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// From an address; what is not a cursor finds the list's beginning.
    pub fn parse(text: &str) -> Option<Self> {
        let cursor = Self(text.to_owned());
        cursor.values().map(|_| cursor)
    }

    /// For an address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn of(values: &[Value]) -> Self {
        let list: Vec<serde_json::Value> = values
            .iter()
            .map(|value| match value {
                Value::Int(value) => (*value).into(),
                Value::Text(text) => text.clone().into(),
                _ => serde_json::Value::Null,
            })
            .collect();
        Self(BASE64URL_NOPAD.encode(serde_json::Value::from(list).to_string().as_bytes()))
    }

    fn values(&self) -> Option<Vec<Value>> {
        let bytes = BASE64URL_NOPAD.decode(self.0.as_bytes()).ok().filter(|bytes| bytes.len() < 2_000)?;
        let list: Vec<serde_json::Value> = serde_json::from_slice(&bytes).ok()?;
        list.into_iter()
            .map(|value| match value {
                serde_json::Value::Number(number) => number.as_i64().map(Value::Int),
                serde_json::Value::String(text) => Some(Value::Text(text)),
                _ => None,
            })
            .collect()
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// Its rows.
    pub rows: Vec<T>,
    /// Where the next page begins; none at the end.
    pub next: Option<Cursor>,
}

/// The columns that a list's scope looks at.
#[derive(Clone, Copy)]
pub(crate) struct Scoped {
    pub(crate) region: &'static str,
    /// None where rows belong to no organisation.
    pub(crate) organisation: Option<&'static str>,
    /// Matter or register.
    pub(crate) target: &'static str,
    /// The account that owns the row, if any does.
    pub(crate) account: Option<&'static str>,
}

/// One order of a list.
pub(crate) struct Order {
    /// Expressions that together name a row, each with what its values are.
    keys: Vec<(String, KeyKind)>,
    /// The largest first.
    descending: bool,
}

/// What the values of an expression are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyKind {
    Int,
    Text,
}

impl Order {
    pub(crate) fn by(keys: &[(&str, KeyKind)], descending: bool) -> Self {
        Self { keys: keys.iter().map(|(key, kind)| ((*key).to_owned(), *kind)).collect(), descending }
    }

    /// The place that a cursor names. It may come from anybody: one of another list, or of none, names no place.
    fn place(&self, cursor: &Cursor) -> Option<Vec<Value>> {
        let fits = |(value, (_, kind)): (&Value, &(String, KeyKind))| match value {
            Value::Int(_) => *kind == KeyKind::Int,
            // No stored text holds NUL.
            Value::Text(text) => *kind == KeyKind::Text && !text.contains('\0'),
            _ => false,
        };
        let values = cursor.values().filter(|values| values.len() == self.keys.len())?;
        values.iter().zip(&self.keys).all(fits).then_some(values)
    }
}

/// A select under construction.
pub(crate) struct Select {
    dialect: Dialect,
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Select {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self { dialect, conditions: Vec::new(), values: Vec::new() }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Binds a value; the text to write in its place.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    pub(crate) fn and(&mut self, condition: String) {
        self.conditions.push(condition);
    }

    pub(crate) fn equals(&mut self, column: &str, value: Option<&str>) {
        if let Some(value) = value {
            let bound = self.bind(value);
            self.and(format!("{column} = {bound}"));
        }
    }

    pub(crate) fn one_of(&mut self, column: &str, values: &[String]) {
        match values {
            [] => {}
            // An equality keeps the order of an index that begins with the column.
            [one] => self.equals(column, Some(one)),
            _ => {
                let condition = self.is_in(column, values);
                self.and(condition);
            }
        }
    }

    /// The column is one of a set.
    pub(crate) fn is_in(&mut self, column: &str, values: &[String]) -> String {
        self.values.push(Value::Texts(values.to_vec()));
        self.dialect.is_in(column, self.values.len())
    }

    /// Codes that begin with a prefix, as a range that an index serves. Codes are ASCII, so that DEL ends every range.
    pub(crate) fn begins_with(&mut self, column: &str, prefix: &str) -> String {
        let (from, to) = (self.bind(prefix), self.bind(format!("{prefix}\u{7f}")));
        format!("({column} >= {from} and {column} < {to})")
    }

    /// What the caller may see, as one condition: the only place where a [`Scope`] becomes SQL.
    pub(crate) fn within(&mut self, scope: &Scope, columns: Scoped) {
        if scope.everything {
            return;
        }
        let mut visible = Vec::new();
        if let (Some(account), Some(column)) = (&scope.account, columns.account) {
            let bound = self.bind(account);
            visible.push(format!("{column} = {bound}"));
        }
        let mut places: Vec<String> =
            scope.regions.iter().map(|prefix| self.begins_with(columns.region, prefix)).collect();
        if let (Some(column), false) = (columns.organisation, scope.organisations.is_empty()) {
            places.push(self.is_in(column, &scope.organisations));
        }
        if columns.organisation.is_none() && !(scope.regions.is_empty() && scope.organisations.is_empty()) {
            // A record without a region belongs to the whole province and to everyone who may read its register.
            places.push(format!("{} = ''", columns.region));
        }
        if !places.is_empty() {
            let mut place = format!("({})", places.join(" or "));
            if !scope.targets.is_empty() {
                place = format!("({place} and {})", self.is_in(columns.target, &scope.targets));
            }
            visible.push(place);
        }
        self.and(if visible.is_empty() { "1 = 0".to_owned() } else { format!("({})", visible.join(" or ")) });
    }

    /// Rows whose light shows a colour on a day.
    pub(crate) fn light(&mut self, table: &str, light: Light, today: Date) {
        let condition = self.shows(table, light, today);
        self.and(condition);
    }

    /// The light shows a colour on a day: hold while the clock stands still, red from `red_on`, yellow from `yellow_on`, else green; rows without
    /// a due date have no light.
    pub(crate) fn shows(&mut self, table: &str, light: Light, today: Date) -> String {
        if light == Light::Hold {
            return format!("{table}.paused = 1");
        }
        let today = self.bind(today);
        let red = format!("coalesce({table}.red_on, '9999-99-99') <= {today}");
        let yellow = format!("coalesce({table}.yellow_on, '9999-99-99') <= {today}");
        let colour = match light {
            Light::Red => red,
            Light::Yellow => format!("{yellow} and not {red}"),
            _ => format!("not {yellow} and not {red}"),
        };
        format!("({table}.paused = 0 and {table}.due_on is not null and {colour})")
    }

    /// Rows of `search s` that hold every word of a query; false when the query has no word that is long enough.
    pub(crate) fn matches(&mut self, query: &str) -> bool {
        let words = words(query);
        for word in &words {
            self.values.push(Value::Text(index_query(self.dialect, word)));
            let indexed = self.dialect.grams_match(self.values.len());
            let bound = self.bind(word);
            let found = self.dialect.position("s.folded", &bound);
            self.and(format!("{indexed} and {found} > 0"));
        }
        !words.is_empty()
    }

    /// Rows whose stream's text holds every word of a query.
    pub(crate) fn stream_matches(&mut self, column: &str, query: &str) {
        let condition = self.stream_condition(column, query);
        self.and(condition);
    }

    /// The same as a condition to be joined with others.
    pub(crate) fn stream_condition(&mut self, column: &str, query: &str) -> String {
        let before = self.conditions.len();
        let searchable = self.matches(query);
        let inner = self.conditions.split_off(before);
        if searchable {
            format!("{column} in (select s.stream from search s where {})", inner.join(" and "))
        } else {
            "1 = 0".to_owned()
        }
    }

    fn clause(&self) -> String {
        if self.conditions.is_empty() { String::new() } else { format!(" where {}", self.conditions.join(" and ")) }
    }

    /// All rows.
    pub(crate) fn all(self, connection: &mut dyn Connection, select: &str, tail: &str) -> Result<Vec<Row>, Fault> {
        connection.query(&format!("{select}{} {tail}", self.clause()), &self.values)
    }

    /// One page. `select` must end with the expressions of the order, which are read for the cursor after `read` has taken its cells.
    pub(crate) fn page<T>(
        mut self,
        connection: &mut dyn Connection,
        columns: &str,
        from: &str,
        order: &Order,
        page: &Page,
        read: impl Fn(&mut Row) -> Result<T, Fault>,
    ) -> Result<Listed<T>, Fault> {
        let wanted = page.wanted();
        let keys: Vec<&str> = order.keys.iter().map(|(key, _)| key.as_str()).collect();
        let (sign, direction) = if order.descending { ("<", "desc") } else { (">", "asc") };
        if let Some(after) = page.after.as_ref().and_then(|cursor| order.place(cursor)) {
            let bound: Vec<String> = after.into_iter().map(|value| self.bind(value)).collect();
            self.and(format!("({}) {sign} ({})", keys.join(", "), bound.join(", ")));
        }
        let directions: Vec<String> = keys.iter().map(|key| format!("{key} {direction}")).collect();
        let limit = self.bind(wanted + 1);
        let sql = format!(
            "select {columns}, {} from {from}{} order by {} limit {limit}",
            keys.join(", "),
            self.clause(),
            directions.join(", ")
        );
        let mut listed = Listed { rows: Vec::new(), next: None };
        let mut last_keys = None;
        for mut row in connection.query(&sql, &self.values)? {
            if listed.rows.len() == wanted as usize {
                listed.next = last_keys.as_deref().map(Cursor::of);
                break;
            }
            listed.rows.push(read(&mut row)?);
            last_keys = Some(row.rest());
        }
        Ok(listed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_an_address_and_a_foreign_text_is_none() {
        let cursor = Cursor::of(&[Value::Int(-5), Value::Text("办件/1".to_owned())]);
        let read = Cursor::parse(cursor.as_str()).unwrap();
        assert_eq!(read.values().unwrap(), [Value::Int(-5), Value::Text("办件/1".to_owned())]);
        for text in ["x", "bnVsbA", "", "W251bGxd"] {
            assert!(Cursor::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn an_empty_scope_sees_nothing_and_no_scope_is_forgotten() {
        let columns =
            Scoped { region: "region", organisation: Some("org"), target: "matter", account: Some("account") };
        let clause = |scope: &Scope| {
            let mut select = Select::new(Dialect::Postgres);
            select.within(scope, columns);
            (select.clause(), select.values.len())
        };
        assert_eq!(clause(&Scope::everything()), (String::new(), 0));
        assert_eq!(clause(&Scope::default()), (" where 1 = 0".to_owned(), 0));
        assert_eq!(clause(&Scope::own("a")), (" where (account = $1)".to_owned(), 1));
        let targets = Scope { targets: vec!["m".to_owned()], ..Scope::default() };
        assert_eq!(clause(&targets), (" where 1 = 0".to_owned(), 0));
        let scope = Scope { regions: vec!["1301".to_owned()], organisations: vec!["o".to_owned()], ..targets };
        let expected = " where ((((region >= $1 and region < $2) or org = any($3)) and matter = any($4)))";
        assert_eq!(clause(&scope).0, expected);
    }
}
