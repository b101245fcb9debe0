//! Accounts, posts, organisations, documents by number, catalog versions.

use jiff::civil::Date;

use super::Reader;
use crate::fault::Fault;
use crate::sql::{Row, first, values};

/// An account as the directory lists it; its holder's name is in the vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountItem {
    /// Id.
    pub id: String,
    /// Its person's subject.
    pub subject: String,
    /// No longer usable.
    pub disabled: bool,
}

/// A post held by an account (岗位).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostItem {
    /// Id.
    pub post: String,
    /// Who holds it.
    pub account: String,
    /// Kind of post.
    pub kind: String,
    /// Organisation.
    pub organisation: String,
    /// Region of the organisation.
    pub region: String,
    /// First day.
    pub valid_from: Date,
    /// Last day; none while it lasts.
    pub valid_until: Option<Date>,
}

/// An organisation (机构).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganisationItem {
    /// Code.
    pub code: String,
    /// Chinese name.
    pub name: String,
    /// Region code.
    pub region: String,
    /// Short code in numbers.
    pub short: String,
}

/// An issued document, for public verification (核验): found by number and code together, never by one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentItem {
    /// Number.
    pub number: String,
    /// The stream it belongs to.
    pub stream: String,
    /// Kind word.
    pub kind: String,
    /// Verification code.
    pub code: String,
    /// The day on it.
    pub issued_on: Date,
    /// SHA-256 of its PDF once rendered.
    pub pdf_hash: Option<String>,
}

fn account(row: &mut Row) -> Result<AccountItem, Fault> {
    Ok(AccountItem { id: row.text()?, subject: row.text()?, disabled: row.flag()? })
}

fn post(row: &mut Row) -> Result<PostItem, Fault> {
    Ok(PostItem {
        post: row.text()?,
        account: row.text()?,
        kind: row.text()?,
        organisation: row.text()?,
        region: row.text()?,
        valid_from: row.date()?,
        valid_until: row.date_or_null()?,
    })
}

fn organisation(row: &mut Row) -> Result<OrganisationItem, Fault> {
    Ok(OrganisationItem { code: row.text()?, name: row.text()?, region: row.text()?, short: row.text()? })
}

fn document(row: &mut Row) -> Result<DocumentItem, Fault> {
    Ok(DocumentItem {
        number: row.text()?,
        stream: row.text()?,
        kind: row.text()?,
        code: row.text()?,
        issued_on: row.date()?,
        pdf_hash: row.text_or_null()?,
    })
}

const POSTS: &str = "select post, account, kind, organisation, region, valid_from, valid_until from posts";
const DOCUMENTS: &str = "select number, stream, kind, code, issued_on, pdf_hash from documents";

/// The files of a catalog version: path and bytes.
pub type CatalogFiles = Vec<(String, Vec<u8>)>;

impl Reader<'_> {
    /// An account.
    pub fn account(&mut self, id: &str) -> Result<Option<AccountItem>, Fault> {
        let sql = "select id, subject, disabled from accounts where id = $1";
        first(self.connection, sql, &values![id])?.map(|mut row| account(&mut row)).transpose()
    }

    /// Accounts by id, from after one on.
    pub fn accounts(&mut self, after: &str, limit: u32) -> Result<Vec<AccountItem>, Fault> {
        let sql = "select id, subject, disabled from accounts where id > $1 order by id limit $2";
        let rows = self.connection.query(sql, &values![after, limit])?;
        rows.into_iter().map(|mut row| account(&mut row)).collect()
    }

    /// The posts of an account, past ones too.
    pub fn posts_of(&mut self, account: &str) -> Result<Vec<PostItem>, Fault> {
        let rows = self.connection.query(&format!("{POSTS} where account = $1 order by post"), &values![account])?;
        rows.into_iter().map(|mut row| post(&mut row)).collect()
    }

    /// Who may act as a kind of post in an organisation on a day: those to whom its reminders go. Who was disabled may not, whatever post they
    /// still hold.
    pub fn posts_of_kind(&mut self, organisation: &str, kind: &str, day: Date) -> Result<Vec<PostItem>, Fault> {
        let sql = format!(
            "{POSTS} where organisation = $1 and kind = $2 and valid_from <= $3 and (valid_until is null or valid_until >= $3)
             and not exists (select 1 from accounts a where a.id = posts.account and a.disabled = 1) order by post"
        );
        let rows = self.connection.query(&sql, &values![organisation, kind, day])?;
        rows.into_iter().map(|mut row| post(&mut row)).collect()
    }

    /// An organisation.
    pub fn organisation(&mut self, code: &str) -> Result<Option<OrganisationItem>, Fault> {
        let sql = "select code, name, region, short from organisations where code = $1";
        first(self.connection, sql, &values![code])?.map(|mut row| organisation(&mut row)).transpose()
    }

    /// Organisations of a region and below.
    pub fn organisations(&mut self, region_prefix: &str) -> Result<Vec<OrganisationItem>, Fault> {
        let sql = "select code, name, region, short from organisations where region >= $1 and region < $2 order by region, code";
        let rows = self.connection.query(sql, &values![region_prefix, format!("{region_prefix}\u{7f}")])?;
        rows.into_iter().map(|mut row| organisation(&mut row)).collect()
    }

    /// A document by number and verification code. Both must fit; that only one did is not told.
    pub fn document(&mut self, number: &str, code: &str) -> Result<Option<DocumentItem>, Fault> {
        let sql = format!("{DOCUMENTS} where number = $1 and code = $2");
        first(self.connection, &sql, &values![number, code])?.map(|mut row| document(&mut row)).transpose()
    }

    /// The documents of a case or record.
    pub fn documents_of(&mut self, stream: &kernel::StreamId) -> Result<Vec<DocumentItem>, Fault> {
        let rows =
            self.connection.query(&format!("{DOCUMENTS} where stream = $1 order by number"), &values![stream])?;
        rows.into_iter().map(|mut row| document(&mut row)).collect()
    }

    /// Catalog versions ever used, the newest last.
    pub fn catalog_versions(&mut self) -> Result<Vec<String>, Fault> {
        let rows = self.connection.query("select version from catalog_versions order by added_at, version", &[])?;
        rows.into_iter().map(|mut row| row.text()).collect()
    }

    /// The files of a catalog version, by path; none when it was never kept.
    pub fn catalog(&mut self, version: &str) -> Result<Option<CatalogFiles>, Fault> {
        if first(self.connection, "select 1 from catalog_versions where version = $1", &values![version])?.is_none() {
            return Ok(None);
        }
        let sql = "select path, bytes from catalog_files where version = $1 order by path";
        let rows = self.connection.query(sql, &values![version])?;
        rows.into_iter().map(|mut row| Ok((row.text()?, row.blob()?))).collect::<Result<_, _>>().map(Some)
    }
}
