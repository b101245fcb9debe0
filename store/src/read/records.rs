//! Records of registers, by a typed filter over declared fields.

use jiff::civil::Date;
use kernel::policy::Scope;
use serde_json::Value as Json;

use super::Reader;
use crate::fault::Fault;
use crate::sql::{Dialect, Row};
use crate::statement::{KeyKind, Listed, Order, Page, Scoped, Select};

/// Nesting of a filter.
const DEPTH_MAX: usize = 8;

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// As text, by bytes: words, codes, dates in ISO form.
    Text,
    /// As a number.
    Number,
}

/// A field of a register that may be asked for, as its schema declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name in the body: lower-case letters, digits and `_`.
    pub name: String,
    /// How it is compared.
    pub kind: FieldKind,
}

/// A value to compare with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// Text or a date.
    Text(String),
    /// An integer.
    Int(i64),
    /// A decimal as canonical text.
    Decimal(String),
}

/// What records must be like. Fields are those of the query's declaration, or `id`, `status`, `region`, `valid_from`, `valid_until`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Equal.
    Eq(String, Scalar),
    /// From and until, both included.
    Range(String, Option<Scalar>, Option<Scalar>),
    /// Begins with.
    Prefix(String, String),
    /// One of.
    In(String, Vec<String>),
    /// Holds every word.
    Text(String),
    /// In force on a day.
    ValidOn(Date),
    /// All of them.
    And(Vec<Filter>),
    /// At least one of them.
    Or(Vec<Filter>),
}

/// Which records.
#[derive(Clone, Debug)]
pub struct RecordQuery {
    /// Register.
    pub register: String,
    /// Fields declared for it.
    pub fields: Vec<Field>,
    /// What they must be like.
    pub filter: Option<Filter>,
    /// Field to order by, then by id; none = by id.
    pub order: Option<String>,
    /// The largest first.
    pub descending: bool,
}

/// A record as lists show it.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordItem {
    /// Register.
    pub register: String,
    /// Id within it.
    pub id: String,
    /// Region code, or empty for the whole province.
    pub region: String,
    /// Status word.
    pub status: String,
    /// First valid day.
    pub valid_from: Option<Date>,
    /// Last valid day.
    pub valid_until: Option<Date>,
    /// Public and internal fields.
    pub body: Json,
    /// Version of its stream, for facts.
    pub version: u64,
    /// Sequence of its last entry.
    pub last_sequence: u64,
}

const RECORDS: Scoped = Scoped { region: "r.region", organisation: None, target: "r.register", account: None };
const COLUMNS: &str =
    "r.register, r.id, r.region, r.status, r.valid_from, r.valid_until, r.body, r.version, r.last_sequence";

fn item(row: &mut Row) -> Result<RecordItem, Fault> {
    Ok(RecordItem {
        register: row.text()?,
        id: row.text()?,
        region: row.text()?,
        status: row.text()?,
        valid_from: row.date_or_null()?,
        valid_until: row.date_or_null()?,
        body: row.json()?,
        version: row.count()?,
        last_sequence: row.count()?,
    })
}

impl Reader<'_> {
    /// One record.
    pub fn record(&mut self, scope: &Scope, register: &str, id: &str) -> Result<Option<RecordItem>, Fault> {
        let mut select = Select::new(self.connection.dialect());
        select.within(scope, RECORDS);
        select.equals("r.register", Some(register));
        select.equals("r.id", Some(id));
        let rows = select.all(self.connection, &format!("select {COLUMNS} from records r"), "")?;
        rows.into_iter().next().map(|mut row| item(&mut row)).transpose()
    }

    /// Records of a register.
    pub fn records(&mut self, scope: &Scope, query: &RecordQuery, page: &Page) -> Result<Listed<RecordItem>, Fault> {
        let mut select = Select::new(self.connection.dialect());
        select.within(scope, RECORDS);
        // Written into the text, not bound: a partial index is used only when the planner sees the register's name.
        select.and(format!("r.register = '{}'", plain(&query.register)?));
        if let Some(filter) = &query.filter {
            let condition = condition(&mut select, query, filter, 0)?;
            select.and(condition);
        }
        let mut ordered = None;
        if let Some(field) = &query.order {
            let (expression, kind) = expression(select.dialect(), query, field)?;
            if kind == FieldKind::Number {
                return Err(Fault::Task(format!("records are not listed by the number {field}")));
            }
            ordered = Some(format!("coalesce({expression}, '')"));
        }
        let keys = ordered.as_deref().into_iter().chain(["r.id"]).map(|key| (key, KeyKind::Text)).collect::<Vec<_>>();
        select.page(self.connection, COLUMNS, "records r", &Order::by(&keys, query.descending), page, item)
    }
}

impl crate::small::Writes<'_> {
    /// Makes the indexes of a register's declared fields, if they are not there yet.
    pub fn declare_fields(&mut self, register: &str, fields: &[Field]) -> Result<(), Fault> {
        let register = plain(register)?;
        for field in fields {
            let name = plain(&field.name)?;
            let dialect = self.connection().dialect();
            let expression = match field.kind {
                FieldKind::Text => dialect.json_text("body", name),
                FieldKind::Number => dialect.json_number("body", name),
            };
            let sql =
                dialect.record_index(&format!("records_{register}_{name}").replace('-', "_"), register, &expression);
            self.connection().script(&sql)?;
        }
        Ok(())
    }
}

/// A name that may stand in SQL text: it comes from the catalog, never from a person, and is checked all the same.
fn plain(name: &str) -> Result<&str, Fault> {
    let plain = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.len() <= 40
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-');
    if plain {
        Ok(name)
    } else {
        Err(Fault::Task(format!("{:?} is not a register or field", name.chars().take(40).collect::<String>())))
    }
}

fn expression(dialect: Dialect, query: &RecordQuery, field: &str) -> Result<(String, FieldKind), Fault> {
    if ["id", "status", "region", "valid_from", "valid_until"].contains(&field) {
        return Ok((format!("r.{field}"), FieldKind::Text));
    }
    let declared = query.fields.iter().find(|declared| declared.name == field);
    let declared =
        declared.ok_or_else(|| Fault::Task(format!("register {} declares no field {field:?}", query.register)))?;
    let name = plain(&declared.name)?;
    Ok(match declared.kind {
        FieldKind::Text => (dialect.json_text("r.body", name), FieldKind::Text),
        FieldKind::Number => (dialect.json_number("r.body", name), FieldKind::Number),
    })
}

fn bind_scalar(select: &mut Select, kind: FieldKind, scalar: &Scalar) -> String {
    let text = match scalar {
        Scalar::Text(text) | Scalar::Decimal(text) => text.clone(),
        Scalar::Int(value) => value.to_string(),
    };
    let bound = select.bind(text);
    match kind {
        FieldKind::Text => bound,
        FieldKind::Number => select.dialect().number(&bound),
    }
}

fn condition(select: &mut Select, query: &RecordQuery, filter: &Filter, depth: usize) -> Result<String, Fault> {
    if depth > DEPTH_MAX {
        return Err(Fault::Task("a filter nests too deep".to_owned()));
    }
    let dialect = select.dialect();
    Ok(match filter {
        Filter::Eq(field, scalar) => {
            let (expression, kind) = expression(dialect, query, field)?;
            format!("{expression} = {}", bind_scalar(select, kind, scalar))
        }
        Filter::Range(field, from, until) => {
            let (expression, kind) = expression(dialect, query, field)?;
            let mut bounds = vec![format!("{expression} is not null")];
            if let Some(from) = from {
                bounds.push(format!("{expression} >= {}", bind_scalar(select, kind, from)));
            }
            if let Some(until) = until {
                bounds.push(format!("{expression} <= {}", bind_scalar(select, kind, until)));
            }
            format!("({})", bounds.join(" and "))
        }
        Filter::Prefix(field, prefix) => {
            let (expression, _) = expression(dialect, query, field)?;
            let (from, to) = (select.bind(prefix), select.bind(format!("{prefix}\u{10ffff}")));
            format!("({expression} >= {from} and {expression} < {to})")
        }
        Filter::In(field, values) => {
            let (expression, _) = expression(dialect, query, field)?;
            select.is_in(&expression, values)
        }
        Filter::Text(text) => select.stream_condition("r.stream", text),
        Filter::ValidOn(day) => {
            let (from, until) = (select.bind(*day), select.bind(*day));
            format!(
                "(r.status = 'valid' and coalesce(r.valid_from, '') <= {from} and coalesce(r.valid_until, '9999-99-99') >= {until})"
            )
        }
        Filter::And(filters) | Filter::Or(filters) => {
            let parts: Result<Vec<String>, Fault> =
                filters.iter().map(|filter| condition(select, query, filter, depth + 1)).collect();
            let (between, none) = if matches!(filter, Filter::And(_)) { (" and ", "1 = 1") } else { (" or ", "1 = 0") };
            let parts = parts?;
            if parts.is_empty() { none.to_owned() } else { format!("({})", parts.join(between)) }
        }
    })
}
