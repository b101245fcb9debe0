//! Small writes that are not acts: sign-in, drafts, leases, budgets, file rows, catalog files. They share the writer's batches.

use kernel::change::Job;
use serde_json::Value as Json;

use crate::fault::Fault;
use crate::files::{SealedFor, Stored};
use crate::keys::Keys;
use crate::read::{self, DueTimer, KeyReused};
use crate::sql::{Connection, Value, first, tables, values};
use crate::vault::{self, SubjectKey};
use crate::writer::IdempotencyKey;

/// The writer's connection, within its transaction.
pub struct Writes<'a> {
    connection: &'a mut dyn Connection,
    keys: &'a Keys,
}

/// How someone signs in with a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Sign-in name: already folded by the caller, or its keyed hash where it is a phone number.
    pub login: String,
    /// The account it opens.
    pub account: String,
    /// PHC string of argon2id.
    pub password: String,
    /// When it was set, µs UTC.
    pub changed_at: i64,
    /// Must be changed at the next sign-in.
    pub must_change: bool,
}

/// A session of a signed-in account.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// SHA-256 of its id: the id itself is in the cookie alone.
    pub id_hash: [u8; 32],
    /// Whose.
    pub account: String,
    /// The post it acts as; empty for applicants.
    pub post: String,
    /// µs UTC.
    pub created_at: i64,
    /// Last request.
    pub seen_at: i64,
    /// Last re-authentication.
    pub elevated_at: Option<i64>,
    /// Ends at the latest.
    pub expires_at: i64,
    /// Small things the web keeps with it.
    pub data: Json,
}

/// Work claimed from the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxItem {
    /// Sequence of the first entry of the decision that asked for it.
    pub sequence: u64,
    /// Which of that decision.
    pub n: u32,
    /// The stream that waits for it.
    pub stream: String,
    /// For which organisation it is done.
    pub organisation: String,
    /// What to do.
    pub job: Job,
    /// How often it was claimed, this time included.
    pub attempts: u32,
}

/// What is claimed from the outbox.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Which queue (`kernel::change::Job::queue`).
    pub queue: &'a str,
    /// Who claims.
    pub lease: &'a str,
    /// µs UTC: what is due by now.
    pub now: i64,
    /// µs UTC: when the lease ends.
    pub until: i64,
    /// Most that each organisation gets.
    pub each: u32,
    /// The organisation served last; empty at first.
    pub after: &'a str,
    /// Most of all.
    pub limit: u32,
}

impl<'a> Writes<'a> {
    pub(crate) fn new(connection: &'a mut dyn Connection, keys: &'a Keys) -> Self {
        Self { connection, keys }
    }

    pub(crate) fn connection(&mut self) -> &mut dyn Connection {
        self.connection
    }

    pub(crate) fn keys(&self) -> &Keys {
        self.keys
    }

    /// Sets how someone signs in.
    pub fn set_credential(&mut self, credential: &Credential) -> Result<(), Fault> {
        self.connection.execute(
            "insert into credentials (login, account, password, changed_at, must_change) values ($1, $2, $3, $4, $5)
             on conflict (login) do update set account = excluded.account, password = excluded.password,
                 changed_at = excluded.changed_at, must_change = excluded.must_change",
            &values![
                &credential.login,
                &credential.account,
                &credential.password,
                credential.changed_at,
                credential.must_change
            ],
        )?;
        Ok(())
    }

    /// Can anybody sign in?
    pub fn has_credentials(&mut self) -> Result<bool, Fault> {
        Ok(first(self.connection, "select 1 from credentials limit 1", &[])?.is_some())
    }

    /// Opens a session, or changes one in place.
    pub fn put_session(&mut self, session: &Session) -> Result<(), Fault> {
        self.connection.execute(
            "insert into sessions (id_hash, account, post, created_at, seen_at, elevated_at, expires_at, data)
             values ($1, $2, $3, $4, $5, $6, $7, $8)
             on conflict (id_hash) do update set post = excluded.post, seen_at = excluded.seen_at,
                 elevated_at = excluded.elevated_at, expires_at = excluded.expires_at, data = excluded.data",
            &values![
                session.id_hash.to_vec(),
                &session.account,
                &session.post,
                session.created_at,
                session.seen_at,
                session.elevated_at,
                session.expires_at,
                &session.data,
            ],
        )?;
        Ok(())
    }

    /// A request came; false when the session is no more.
    pub fn touch_session(&mut self, id_hash: &[u8; 32], seen_at: i64) -> Result<bool, Fault> {
        let sql = "update sessions set seen_at = $2 where id_hash = $1 and seen_at < $2";
        self.connection.execute(sql, &values![id_hash.to_vec(), seen_at])?;
        Ok(first(self.connection, "select 1 from sessions where id_hash = $1", &values![id_hash.to_vec()])?.is_some())
    }

    /// Changes the small things kept with a session that is still there: one that ended does not come back.
    pub fn set_session_data(&mut self, id_hash: &[u8; 32], data: &Json) -> Result<(), Fault> {
        self.connection
            .execute("update sessions set data = $2 where id_hash = $1", &values![id_hash.to_vec(), data])?;
        Ok(())
    }

    /// Another session took the place of this one, which ends a moment later.
    pub fn end_session_at(&mut self, id_hash: &[u8; 32], at: i64) -> Result<(), Fault> {
        let sql = "update sessions set expires_at = $2 where id_hash = $1 and expires_at > $2";
        self.connection.execute(sql, &values![id_hash.to_vec(), at])?;
        Ok(())
    }

    /// Signs out.
    pub fn end_session(&mut self, id_hash: &[u8; 32]) -> Result<(), Fault> {
        self.connection.execute("delete from sessions where id_hash = $1", &values![id_hash.to_vec()])?;
        Ok(())
    }

    /// Ends all sessions of an account, or only those that act as one of its posts.
    pub fn end_sessions_of(&mut self, account: &str, post: Option<&str>) -> Result<u64, Fault> {
        match post {
            Some(post) => self
                .connection
                .execute("delete from sessions where account = $1 and post = $2", &values![account, post]),
            None => self.connection.execute("delete from sessions where account = $1", &values![account]),
        }
    }

    /// Removes sessions that ended by themselves.
    pub fn end_expired_sessions(&mut self, now: i64, idle_since: i64) -> Result<u64, Fault> {
        let sql = "delete from sessions where expires_at <= $1 or seen_at <= $2";
        self.connection.execute(sql, &values![now, idle_since])
    }

    /// Uses one of a budget that is refilled when `window` µs have passed since its first use: sign-in failures, requests of an address.
    /// Returns how many were used in this window.
    pub fn use_budget(&mut self, name: &str, now: i64, window: i64) -> Result<u64, Fault> {
        let row = first(
            self.connection,
            "insert into budgets (name, used, since) values ($1, 1, $2)
             on conflict (name) do update set
                 used = case when budgets.since + $3 <= excluded.since then 1 else budgets.used + 1 end,
                 since = case when budgets.since + $3 <= excluded.since then excluded.since else budgets.since end
             returning used",
            &values![name, now, window],
        )?;
        row.ok_or_else(|| Fault::damaged("a budget was not counted"))?.count()
    }

    /// How much of a budget was used, and since when, as no other write can change it before this one ends; zero when none.
    pub fn budget(&mut self, name: &str) -> Result<(u64, i64), Fault> {
        let row = first(self.connection, "select used, since from budgets where name = $1", &values![name])?;
        row.map_or(Ok((0, 0)), |mut row| Ok((row.count()?, row.int()?)))
    }

    /// Gives one use back.
    pub fn refund_budget(&mut self, name: &str) -> Result<(), Fault> {
        self.connection.execute("update budgets set used = used - 1 where name = $1 and used > 0", &values![name])?;
        Ok(())
    }

    /// Refills a budget: the sign-in succeeded.
    pub fn refill_budget(&mut self, name: &str) -> Result<(), Fault> {
        self.connection.execute("delete from budgets where name = $1", &values![name])?;
        Ok(())
    }

    /// Puts a timer off that could not be carried out, so that it keeps none waiting that can. A timer that is set anew is due as it says.
    pub fn put_off_timer(&mut self, timer: &DueTimer, until: i64) -> Result<(), Fault> {
        self.connection.execute(
            "insert into timers_put_off (stream, name, due_at, refusals, not_before) values ($1, $2, $3, $4, $5)
             on conflict (stream, name) do update set due_at = excluded.due_at, refusals = excluded.refusals,
                 not_before = excluded.not_before",
            &values![&timer.stream, &timer.name, timer.due_at, timer.refusals.saturating_add(1), until],
        )?;
        Ok(())
    }

    /// Forgets budgets, replies and drafts that are older than they are kept, and that timers were put off that are no more.
    pub fn forget(&mut self, budgets_before: i64, replies_before: i64, drafts_before: i64) -> Result<u64, Fault> {
        let budgets = self.connection.execute("delete from budgets where since < $1", &values![budgets_before])?;
        let replies = self.connection.execute("delete from replies where at < $1", &values![replies_before])?;
        let drafts = self.connection.execute("delete from drafts where updated_at < $1", &values![drafts_before])?;
        let timers = self.connection.execute(
            "delete from timers_put_off where not exists (select 1 from timers t where t.stream = timers_put_off.stream
                 and t.name = timers_put_off.name and t.due_at = timers_put_off.due_at)",
            &[],
        )?;
        Ok(budgets + replies + drafts + timers)
    }

    /// What was answered to a wish, as no other write can change it before this one ends.
    pub fn reply(&mut self, key: &IdempotencyKey) -> Result<Option<Result<Json, KeyReused>>, Fault> {
        read::reply(self.connection, key)
    }

    /// Remembers what was answered to a wish that is not an act.
    pub fn put_reply(&mut self, key: &IdempotencyKey, reply: &Json, at: i64) -> Result<(), Fault> {
        self.connection.execute(
            "insert into replies (account, reply_key, body_hash, at, first_sequence, entries, reply)
             values ($1, $2, $3, $4, 0, 0, $5) on conflict (account, reply_key) do nothing",
            &values![&key.account, &key.key, key.body_hash.to_vec(), at, reply],
        )?;
        Ok(())
    }

    /// Keeps a draft, sealed under its subject's key.
    pub fn put_draft(
        &mut self,
        id: &str,
        account: &str,
        subject: &str,
        matter: &str,
        body: &Json,
        at: i64,
    ) -> Result<(), Fault> {
        let key = self.subject_key(subject)?;
        let sealed = vault::seal(&key.key, &draft_place(id), body.to_string().as_bytes())?;
        let changed = self.connection.execute(
            "insert into drafts (id, account, subject, matter, sealed, updated_at) values ($1, $2, $3, $4, $5, $6)
             on conflict (id) do update set sealed = excluded.sealed, updated_at = excluded.updated_at
             where drafts.account = excluded.account and drafts.subject = excluded.subject",
            &values![id, account, subject, matter, sealed, at],
        )?;
        if changed == 1 { Ok(()) } else { Err(Fault::Task("a draft belongs to someone else".to_owned())) }
    }

    /// Removes a draft of an account.
    pub fn remove_draft(&mut self, id: &str, account: &str) -> Result<(), Fault> {
        self.connection.execute("delete from drafts where id = $1 and account = $2", &values![id, account])?;
        Ok(())
    }

    /// The key that seals a subject's files; made when there is none yet.
    pub fn subject_key(&mut self, subject: &str) -> Result<SealedFor, Fault> {
        let key = match vault::find_key(self.connection, self.keys, subject)? {
            Some(SubjectKey::Present(key)) => key,
            Some(SubjectKey::Erased) => return Err(Fault::Task("the subject was erased".to_owned())),
            None => {
                let (key, wrapped) = vault::make_key(self.keys, subject)?;
                let row = values![subject, wrapped, None::<i64>].to_vec();
                self.connection.upsert_all(&tables::SUBJECTS, &[row])?;
                key
            }
        };
        Ok(SealedFor { subject: subject.to_owned(), key })
    }

    /// Says that a file is stored: `subject` is empty for a public one. Refused when the subject was erased while the file came in.
    pub fn put_file(&mut self, stored: &Stored, subject: &str, media: &str, at: i64) -> Result<(), Fault> {
        if let Some(SubjectKey::Erased) = vault::find_key(self.connection, self.keys, subject)? {
            return Err(Fault::Task("the subject was erased".to_owned()));
        }
        self.connection.execute(
            "insert into files (hash, subject, sm3, length, media, stored_at) values ($1, $2, $3, $4, $5, $6)
             on conflict (hash, subject) do nothing",
            &values![&stored.hash, subject, &stored.sm3, stored.length, media, at],
        )?;
        Ok(())
    }

    /// Writes down how far a job is that is done step by step, unless another process went on with it: then false.
    pub fn put_progress(&mut self, job: &str, before: Option<&Json>, progress: &Json) -> Result<bool, Fault> {
        let (name, text) = (read::progress_name(job), progress.to_string());
        let changed = match before {
            Some(before) => self.connection.execute(
                "update meta set value = $3 where name = $1 and value = $2",
                &values![&name, before.to_string(), text],
            )?,
            None => self.connection.execute(
                "insert into meta (name, value) values ($1, $2) on conflict (name) do nothing",
                &values![&name, text],
            )?,
        };
        Ok(changed == 1)
    }

    /// Keeps a catalog version's files, once.
    pub fn put_catalog(&mut self, version: &str, files: &[(String, Vec<u8>)], at: i64) -> Result<(), Fault> {
        let sql = "insert into catalog_versions (version, added_at) values ($1, $2) on conflict (version) do nothing";
        if self.connection.execute(sql, &values![version, at])? == 0 {
            return Ok(());
        }
        let rows: Vec<Vec<Value>> =
            files.iter().map(|(path, bytes)| values![version, path, bytes.as_slice()].to_vec()).collect();
        self.connection.upsert_all(&tables::CATALOG_FILES, &rows)
    }

    /// Claims work of a queue that is due, for a time. Other processes pass it over until the lease ends. Organisations are served in turn,
    /// beginning behind the one that was served last, and each gets no more than its share: one with much to do keeps no other waiting.
    pub fn claim_outbox(&mut self, claim: &Claim<'_>) -> Result<Vec<OutboxItem>, Fault> {
        let mut claimed = Vec::new();
        for organisation in self.organisations_in_turn(claim.queue, claim.after)? {
            let left = claim.limit.saturating_sub(u32::try_from(claimed.len()).unwrap_or(u32::MAX));
            if left == 0 {
                break;
            }
            self.claim_share(claim, &organisation, left.min(claim.each), &mut claimed)?;
        }
        Ok(claimed)
    }

    /// The organisations that have work in a queue, those behind `after` first. Found by skipping from one to the next in the index, however
    /// much work each has.
    fn organisations_in_turn(&mut self, queue: &str, after: &str) -> Result<Vec<String>, Fault> {
        let rows = self.connection.query(
            "with recursive waiting (organisation) as (
                 select min(organisation) from outbox where queue = $1
                 union all
                 select (select min(o.organisation) from outbox o where o.queue = $1 and o.organisation > w.organisation)
                 from waiting w where w.organisation is not null
             )
             select organisation from waiting where organisation is not null
             order by case when organisation > $2 then 0 else 1 end, organisation",
            &values![queue, after],
        )?;
        rows.into_iter().map(|mut row| row.text()).collect()
    }

    fn claim_share(
        &mut self,
        claim: &Claim<'_>,
        organisation: &str,
        share: u32,
        claimed: &mut Vec<OutboxItem>,
    ) -> Result<(), Fault> {
        let sql = format!(
            "select sequence, n, stream, job, attempts from outbox
             where queue = $1 and organisation = $2 and due_at <= $3 and leased_until <= $3
             order by due_at, sequence, n limit $4{}",
            self.connection.dialect().for_update_skip_locked()
        );
        for mut row in self.connection.query(&sql, &values![claim.queue, organisation, claim.now, share])? {
            let (sequence, n, stream) = (row.count()?, row.count()?, row.text()?);
            let job = serde_json::from_value(row.json()?).map_err(|error| Fault::damaged(format!("a job: {error}")))?;
            let attempts = u32::try_from(row.count()? + 1).unwrap_or(u32::MAX);
            self.connection.execute(
                "update outbox set lease = $3, leased_until = $4, attempts = attempts + 1 where sequence = $1 and n = $2",
                &values![sequence, n, claim.lease, claim.until],
            )?;
            let (n, organisation) = (u32::try_from(n).unwrap_or(u32::MAX), organisation.to_owned());
            claimed.push(OutboxItem { sequence, n, stream, organisation, job, attempts });
        }
        Ok(())
    }

    /// Ends the leases of a process that is no more. For a store that one process has to itself.
    pub fn end_leases(&mut self) -> Result<u64, Fault> {
        self.connection.execute("update outbox set leased_until = 0, lease = '' where leased_until > 0", &[])
    }

    /// The work is done. False when the lease had passed to someone else.
    pub fn finish_outbox(&mut self, lease: &str, sequence: u64, n: u32) -> Result<bool, Fault> {
        let sql = "delete from outbox where sequence = $1 and n = $2 and lease = $3";
        Ok(self.connection.execute(sql, &values![sequence, n, lease])? == 1)
    }

    /// The work failed and is to be tried again at a time.
    pub fn retry_outbox(&mut self, lease: &str, sequence: u64, n: u32, due_at: i64) -> Result<bool, Fault> {
        let sql =
            "update outbox set due_at = $4, leased_until = 0, lease = '' where sequence = $1 and n = $2 and lease = $3";
        Ok(self.connection.execute(sql, &values![sequence, n, lease, due_at])? == 1)
    }
}

pub(crate) fn draft_place(id: &str) -> String {
    format!("draft/{id}")
}
