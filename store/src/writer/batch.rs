//! One batch: many commands decided one after another over the same overlay, written together, committed with one sync.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use journal::tree::leaf_hash;
use journal::tree::tiles::{FullTile, TileWriter};
use journal::{Entry, Id};
use kernel::command::Loaded;
use kernel::projection::{ClaimRow, Rows};
use kernel::tally::tallies;
use kernel::{Decision, Event, NumberKey, Refusal, State, StreamDecision, StreamId, project};
use zeroize::Zeroizing;

use super::cache::{Held, StateCache};
use super::log::{Head, tile_row};
use super::rows::{Difference, TableRows, table_rows, tally_row};
use super::{Receipt, Rules, Submission, SubmitError};
use crate::fault::Fault;
use crate::keys::Keys;
use crate::sql::{Connection, Value, first, tables, values};
use crate::vault::{self, SubjectKey};

/// Why a command did not become part of the batch.
pub(crate) enum Dropped {
    /// It alone leaves.
    Command(SubmitError),
    /// The database failed: nobody's work can be kept.
    Batch(Fault),
}

impl From<Fault> for Dropped {
    fn from(fault: Fault) -> Self {
        Self::Batch(fault)
    }
}

impl From<SubmitError> for Dropped {
    fn from(error: SubmitError) -> Self {
        Self::Command(error)
    }
}

fn fault_of_command(fault: Fault) -> Dropped {
    Dropped::Command(SubmitError::Fault(Arc::new(fault)))
}

/// Runs the kernel's rules: a panic in them is that command's fault alone (style.md "Errors": the request dies, the node lives).
fn guarded<T>(rules: impl FnOnce() -> T) -> Result<T, Dropped> {
    catch_unwind(AssertUnwindSafe(rules))
        .map_err(|panic| fault_of_command(Fault::Task(format!("the rules panicked: {}", panic_text(&*panic)))))
}

/// The batch under way.
pub(crate) struct Batch<'a> {
    pub(crate) connection: &'a mut dyn Connection,
    keys: &'a Keys,
    rules: Rules,
    node: Id,
    head: Head,
    tree: TileWriter,
    full: Vec<FullTile>,
    held: HashMap<StreamId, Held>,
    numbers: BTreeMap<NumberKey, u64>,
    numbers_used: BTreeSet<NumberKey>,
    replied: HashMap<(String, String), (Vec<u8>, Receipt)>,
    claims: HashMap<ClaimRow, Option<StreamId>>,
    touched: BTreeMap<StreamId, Touched>,
    subjects: HashMap<String, SubjectKey>,
    rows: NewRows,
}

/// A stream changed by the batch.
struct Touched {
    before: TableRows,
    after: Rows,
}

/// Rows to be written at the end.
#[derive(Default)]
struct NewRows {
    entries: Vec<Vec<Value>>,
    outbox: Vec<Vec<Value>>,
    replies: Vec<Vec<Value>>,
    subjects: Vec<Vec<Value>>,
    vault: BTreeMap<(String, String), Vec<u8>>,
    tallies: BTreeMap<[String; 5], i64>,
    erased: Vec<(String, i64)>,
}

/// What a batch leaves behind when it is written.
pub(crate) struct Written {
    /// The tree after it.
    pub(crate) tree: TileWriter,
    /// States to be cached once it is committed.
    pub(crate) states: Vec<(StreamId, Held)>,
    /// Subjects whose sealed files may go.
    pub(crate) erased: Vec<String>,
    /// Entries written.
    pub(crate) entries: u64,
    /// Other rows written.
    pub(crate) rows: u64,
}

/// A command's work, complete but not yet part of the batch.
struct Planned {
    streams: Vec<PlannedStream>,
    entries: Vec<(Vec<Value>, journal::Hash)>,
    claims: Vec<(ClaimRow, Option<StreamId>)>,
    secrets: Vec<((String, String), Vec<u8>)>,
    subjects: Vec<(String, Zeroizing<[u8; 32]>, Vec<u8>)>,
    erased: Vec<String>,
    tallies: Vec<([String; 5], i64)>,
}

struct PlannedStream {
    stream: StreamId,
    held: Held,
    rows: Rows,
}

impl<'a> Batch<'a> {
    /// Begins: everything the commands need is loaded in a few queries.
    #[expect(clippy::too_many_arguments, reason = "the parts of the one writer thread, named by type, meet only here")]
    pub(crate) fn begin(
        connection: &'a mut dyn Connection,
        cache: &mut StateCache,
        keys: &'a Keys,
        rules: Rules,
        node: Id,
        head: Head,
        tree: TileWriter,
        submissions: &[&Submission],
    ) -> Result<Self, Fault> {
        let (mut streams, mut numbers) = (Vec::new(), BTreeSet::new());
        for one in submissions {
            // A panic shows again, and is answered, when the command's turn comes.
            let Ok(need) = guarded(|| (rules.needs)(&one.command, &one.actor, &one.facts)) else { continue };
            streams.extend(need.streams);
            streams.extend(one.facts.read.iter().map(|(stream, _)| stream.clone()));
            numbers.extend(need.numbers);
        }
        let held = cache.load(connection, streams.into_iter())?;
        let numbers = load_numbers(connection, numbers)?;
        let replied = load_replies(connection, submissions)?;
        Ok(Self {
            connection,
            keys,
            rules,
            node,
            head,
            tree,
            full: Vec::new(),
            held,
            numbers,
            numbers_used: BTreeSet::new(),
            replied,
            claims: HashMap::new(),
            touched: BTreeMap::new(),
            subjects: HashMap::new(),
            rows: NewRows::default(),
        })
    }

    /// Decides one command and, if it is not refused, makes it part of the batch.
    pub(crate) fn take(&mut self, submission: &mut Submission) -> Result<Receipt, Dropped> {
        if let Some(key) = &submission.key
            && let Some((body_hash, receipt)) = self.replied.get(&(key.account.clone(), key.key.clone()))
        {
            return if *body_hash == key.body_hash {
                Ok(Receipt { repeated: true, ..receipt.clone() })
            } else {
                Err(SubmitError::KeyReused.into())
            };
        }
        let stale = submission.facts.read.iter().any(|(stream, version)| self.version(stream) != *version);
        if stale {
            return Err(SubmitError::Stale.into());
        }
        let entered_at = submission.entered_at.unwrap_or_else(|| submission.facts.at());
        self.set_time(submission);
        let Rules { needs, decide } = self.rules;
        let needs = guarded(|| needs(&submission.command, &submission.actor, &submission.facts))?;
        submission.facts.numbers = self.offer(needs.numbers)?;
        let mut loaded = Loaded::new();
        for stream in needs.streams {
            if let Some(Held { version, state: Some(state), .. }) = self.held.get(&stream) {
                loaded.insert(stream, (*version, state.clone()));
            }
        }
        let decision = guarded(|| decide(&submission.command, &submission.actor, &loaded, &submission.facts))?;
        let decision = decision.map_err(SubmitError::Refused)?;
        let planned = guarded(|| self.plan(submission, entered_at, &decision))??;
        Ok(self.merge(submission, decision, planned))
    }

    fn version(&self, stream: &StreamId) -> u64 {
        self.held.get(stream).map_or(0, |held| held.version)
    }

    /// Journal time: `max(now, last + 1 µs)` (security.md §7). The command sees the time that its first entry will carry.
    fn set_time(&self, submission: &mut Submission) {
        let facts = &mut submission.facts;
        let earliest = jiff::Timestamp::from_microsecond(self.head.at + 1).unwrap_or(facts.now);
        if facts.now < earliest {
            let day_before = base::time::date(facts.now);
            facts.now = earliest;
            if base::time::date(earliest) != day_before {
                facts.today = base::time::date(earliest);
            }
        }
    }

    /// The next free numbers. A counter that the batch did not load at its beginning is one of a day that began since.
    fn offer(&mut self, keys: Vec<NumberKey>) -> Result<BTreeMap<NumberKey, u64>, Fault> {
        let missing = keys.iter().filter(|key| !self.numbers.contains_key(key)).cloned().collect();
        self.numbers.extend(load_numbers(self.connection, missing)?);
        let next = |key: NumberKey| self.numbers.get(&key).map(|next| (key, *next));
        Ok(keys.into_iter().filter_map(next).collect())
    }

    /// Everything a decision changes, checked, without changing the batch yet.
    fn plan(&mut self, submission: &Submission, entered_at: i64, decision: &Decision) -> Result<Planned, Dropped> {
        let mut planned = Planned {
            streams: Vec::new(),
            entries: Vec::new(),
            claims: Vec::new(),
            secrets: Vec::new(),
            subjects: Vec::new(),
            erased: Vec::new(),
            tallies: Vec::new(),
        };
        let mut free = submission.facts.numbers.clone();
        for (key, used) in &decision.numbers {
            // Several of one counter follow one another.
            if free.insert(key.clone(), used + 1) != Some(*used) {
                let text =
                    format!("decide used number {used} of {}/{}, which was not offered", key.register, key.scope);
                return Err(fault_of_command(Fault::Task(text)));
            }
        }
        let mut at = submission.facts.at();
        for part in &decision.streams {
            self.plan_stream(submission, entered_at, part, &mut at, &mut planned)?;
        }
        if planned.entries.is_empty() && !decision.outbox.is_empty() {
            return Err(fault_of_command(Fault::Task(
                "decide gave work for after the commit, but no entry".to_owned(),
            )));
        }
        self.plan_claims(&mut planned)?;
        self.plan_secrets(decision, &mut planned)?;
        Ok(planned)
    }

    fn plan_stream(
        &mut self,
        submission: &Submission,
        entered_at: i64,
        part: &StreamDecision,
        at: &mut i64,
        planned: &mut Planned,
    ) -> Result<(), Dropped> {
        if !self.held.contains_key(&part.stream) {
            // Not named by `needs`: a stream that the decision makes, such as the record of a licence.
            let loaded = StateCache::default().load(self.connection, std::iter::once(part.stream.clone()))?;
            self.held.extend(loaded);
        }
        let twice = planned.streams.iter().any(|other| other.stream == part.stream);
        let Held { version, state, .. } = self.held.get(&part.stream).cloned().unwrap_or_else(Held::absent);
        if part.expected_version == 0 && version > 0 && part.stream.family() == "record" {
            // A record with this id is there, written by hand or brought from elsewhere: to ask again would not help.
            return Err(SubmitError::Refused(Refusal::Exists).into());
        }
        if version != part.expected_version || twice || part.events.is_empty() {
            return Err(SubmitError::Stale.into());
        }
        let (mut version, mut state) = (version, state);
        let mut sequence = self.head.size + planned.entries.len() as u64;
        for event in &part.events {
            version += 1;
            // The state is folded here, with the time of each entry, so that it is what replay will give.
            let next = State::evolve(state.take(), event, *at)
                .map_err(|error| fault_of_command(Fault::Task(error.to_string())))?;
            let body = event.body().map_err(|error| fault_of_command(Fault::Task(error.to_string())))?;
            let kind = event.kind();
            let entry = Entry {
                node: self.node,
                sequence,
                stream: part.stream.as_str().to_owned(),
                version,
                kind: kind
                    .parse()
                    .map_err(|error: journal::EntryError| fault_of_command(Fault::Task(error.to_string())))?,
                at: *at,
                entered_at,
                actor: submission.actor.clone(),
                body,
            };
            let bytes = entry.encode().map_err(|error| fault_of_command(Fault::Task(error.to_string())))?;
            let leaf = leaf_hash(&bytes);
            planned.entries.push((values![sequence, &part.stream, version, kind, *at, bytes].to_vec(), leaf));
            if let Event::SubjectErased(erased) = event {
                planned.erased.push(erased.subject.to_string());
            }
            planned.tallies.extend(tallies(event, &next).map(tally_row));
            state = Some(next);
            *at += 1;
            sequence += 1;
        }
        let rows = state.as_ref().map(|state| project(&part.stream, state)).unwrap_or_default();
        let held = Held { version, sequence: sequence - 1, state };
        planned.streams.push(PlannedStream { stream: part.stream.clone(), held, rows });
        Ok(())
    }

    /// Claims given up and taken by this command; one that another stream holds refuses it.
    fn plan_claims(&mut self, planned: &mut Planned) -> Result<(), Dropped> {
        let mut released: BTreeSet<ClaimRow> = BTreeSet::new();
        let mut wanted: Vec<(ClaimRow, StreamId)> = Vec::new();
        for part in &planned.streams {
            let before = self.claims_of(&part.stream);
            released.extend(before.iter().filter(|claim| !part.rows.claims.contains(claim)).cloned());
            let new = part.rows.claims.iter().filter(|claim| !before.contains(claim));
            wanted.extend(new.map(|claim| (claim.clone(), part.stream.clone())));
        }
        let mut taken: BTreeMap<ClaimRow, Option<StreamId>> = released.into_iter().map(|claim| (claim, None)).collect();
        for (claim, stream) in wanted {
            let holder = match taken.get(&claim).or_else(|| self.claims.get(&claim)) {
                Some(holder) => holder.clone(),
                None => {
                    let sql = "select stream from claims where name = $1 and claim = $2";
                    let row = first(self.connection, sql, &values![&claim.name, &claim.key])?;
                    row.map(|mut row| super::cache::stream_of(&mut row)).transpose()?
                }
            };
            if let Some(holder) = holder.filter(|holder| *holder != stream) {
                return Err(
                    SubmitError::Refused(Refusal::ClaimTaken { name: claim.name, holder: holder.to_string() }).into()
                );
            }
            taken.insert(claim, Some(stream));
        }
        planned.claims = taken.into_iter().collect();
        Ok(())
    }

    fn claims_of(&self, stream: &StreamId) -> Vec<ClaimRow> {
        if let Some(touched) = self.touched.get(stream) {
            return touched.after.claims.clone();
        }
        let state = self.held.get(stream).and_then(|held| held.state.as_ref());
        state.map(|state| project(stream, state).claims).unwrap_or_default()
    }

    /// Seals the secrets; a subject that has no key gets one.
    fn plan_secrets(&mut self, decision: &Decision, planned: &mut Planned) -> Result<(), Dropped> {
        for secret in &decision.secrets {
            let subject = secret.subject.to_string();
            let new = planned.subjects.iter().find(|(name, ..)| *name == subject).map(|(_, key, _)| key.clone());
            let key = match (new, self.subjects.get(&subject)) {
                (Some(key), _) => SubjectKey::Present(key),
                (None, Some(key)) => key.clone(),
                (None, None) => match vault::find_key(self.connection, self.keys, &subject)? {
                    Some(key) => {
                        self.subjects.insert(subject.clone(), key.clone());
                        key
                    }
                    None => {
                        let (key, wrapped) = vault::make_key(self.keys, &subject)?;
                        planned.subjects.push((subject.clone(), key.clone(), wrapped));
                        SubjectKey::Present(key)
                    }
                },
            };
            let SubjectKey::Present(key) = key else {
                return Err(SubmitError::Refused(Refusal::SubjectErased).into());
            };
            let sealed = vault::seal_secret(&key, secret)?;
            planned.secrets.push(((subject, secret.field.clone()), sealed));
        }
        Ok(())
    }

    /// Nothing in here can fail: from now on the command is part of the batch.
    fn merge(&mut self, submission: &Submission, decision: Decision, planned: Planned) -> Receipt {
        let (first_sequence, entries) = (self.head.size, planned.entries.len() as u64);
        let at = submission.facts.at();
        for (row, leaf) in planned.entries {
            self.rows.entries.push(row);
            self.tree.push(leaf, &mut self.full);
        }
        if entries > 0 {
            self.head.size += entries;
            self.head.at = at + i64::try_from(entries).unwrap_or(i64::MAX) - 1;
        }
        for part in planned.streams {
            if let Some(touched) = self.touched.get_mut(&part.stream) {
                touched.after = part.rows;
            } else {
                let before = self.held.get(&part.stream).filter(|held| held.version > 0);
                let before = before.and_then(|held| {
                    let rows = project(&part.stream, held.state.as_ref()?);
                    Some(table_rows(&part.stream, held.version, held.sequence, &rows))
                });
                let touched = Touched { before: before.unwrap_or_default(), after: part.rows };
                self.touched.insert(part.stream.clone(), touched);
            }
            self.held.insert(part.stream, part.held);
        }
        self.claims.extend(planned.claims);
        for (key, used) in decision.numbers {
            self.numbers.insert(key.clone(), used + 1);
            self.numbers_used.insert(key);
        }
        for (subject, key, wrapped) in planned.subjects {
            self.rows.subjects.push(values![&subject, wrapped, None::<i64>].to_vec());
            self.subjects.insert(subject, SubjectKey::Present(key));
        }
        self.rows.vault.extend(planned.secrets);
        for subject in planned.erased {
            self.rows.vault.retain(|(owner, _), _| *owner != subject);
            self.subjects.insert(subject.clone(), SubjectKey::Erased);
            self.rows.erased.push((subject, at));
        }
        for (key, delta) in planned.tallies {
            *self.rows.tallies.entry(key).or_default() += delta;
        }
        for (n, outgoing) in (0u32..).zip(&decision.outbox) {
            let job = serde_json::to_string(&outgoing.job).unwrap_or_default();
            let (queue, organisation) = (outgoing.job.queue(), &outgoing.organisation);
            let row = values![first_sequence, n, &outgoing.stream, queue, organisation, job, at, at, 0u32, 0i64, ""];
            self.rows.outbox.push(row.to_vec());
        }
        let receipt = Receipt { reply: decision.reply, at, first_sequence, entries, repeated: false };
        if let Some(key) = &submission.key {
            let row =
                values![&key.account, &key.key, key.body_hash.to_vec(), at, first_sequence, entries, &receipt.reply];
            self.rows.replies.push(row.to_vec());
            let repeat = (key.body_hash.to_vec(), receipt.clone());
            self.replied.insert((key.account.clone(), key.key.clone()), repeat);
        }
        receipt
    }

    /// Writes everything; the caller commits.
    pub(crate) fn write(mut self) -> Result<Written, Fault> {
        let connection = self.connection;
        let entries = self.rows.entries.len() as u64;
        connection.insert_all(&tables::ENTRIES, &self.rows.entries)?;
        let tiles: Vec<Vec<Value>> = self.full.iter().map(tile_row).collect();
        connection.insert_all(&tables::TILES, &tiles)?;
        let (mut states, mut cached) = (Vec::new(), Vec::new());
        let mut difference = Difference::default();
        for (stream, touched) in self.touched {
            let Some(held) = self.held.remove(&stream) else { continue };
            let state = held.state.as_ref().ok_or_else(|| Fault::damaged("a written stream has no state"))?;
            let bytes = state.encode().map_err(|error| Fault::Task(format!("state of {stream}: {error}")))?;
            states.push(values![&stream, held.version, held.sequence, bytes].to_vec());
            let after = table_rows(&stream, held.version, held.sequence, &touched.after);
            difference.add(&touched.before, after);
            cached.push((stream, held));
        }
        connection.upsert_all(&tables::STATES, &states)?;
        let mut rows = difference.write(connection)? + states.len() as u64;
        let numbers: Vec<Vec<Value>> = self
            .numbers_used
            .iter()
            .map(|key| values![number_key(key), self.numbers.get(key).copied().unwrap_or(1)].to_vec())
            .collect();
        let vault =
            self.rows.vault.into_iter().map(|((subject, field), sealed)| values![subject, field, sealed].to_vec());
        let vault: Vec<Vec<Value>> = vault.collect();
        let tallies = self.rows.tallies.into_iter();
        let tallies: Vec<Vec<Value>> =
            tallies.map(|(key, n)| key.into_iter().map(Value::from).chain([Value::Int(n)]).collect()).collect();
        for (table, table_rows) in [
            (&tables::NUMBERS, &numbers),
            (&tables::SUBJECTS, &self.rows.subjects),
            (&tables::VAULT, &vault),
            (&tables::TALLIES, &tallies),
            (&tables::OUTBOX, &self.rows.outbox),
            (&tables::REPLIES, &self.rows.replies),
        ] {
            connection.upsert_all(table, table_rows)?;
            rows += table_rows.len() as u64;
        }
        for (subject, at) in &self.rows.erased {
            vault::erase(connection, subject, *at)?;
        }
        self.head.frontier = self.tree.frontier().clone();
        if entries > 0 {
            self.head.write(connection)?;
        }
        let erased = self.rows.erased.into_iter().map(|(subject, _)| subject).collect();
        Ok(Written { tree: self.tree, states: cached, erased, entries, rows })
    }
}

/// The key of a counter's row. Names of registers hold no `/`.
fn number_key(key: &NumberKey) -> String {
    format!("{}/{}", key.register, key.scope)
}

/// The next free numbers of counters; a counter that has no row yet begins with 1.
fn load_numbers(
    connection: &mut dyn Connection,
    wanted: BTreeSet<NumberKey>,
) -> Result<BTreeMap<NumberKey, u64>, Fault> {
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let names: Vec<String> = wanted.iter().map(number_key).collect();
    let sql = format!("select number_key, next from numbers where {}", connection.dialect().is_in("number_key", 1));
    let rows = connection.query(&sql, &values![names])?;
    let found: HashMap<String, u64> =
        rows.into_iter().map(|mut row| Ok((row.text()?, row.count()?))).collect::<Result<_, Fault>>()?;
    let next = |key: NumberKey| (found.get(&number_key(&key)).copied().unwrap_or(1), key);
    Ok(wanted.into_iter().map(next).map(|(next, key)| (key, next)).collect())
}

type Replied = HashMap<(String, String), (Vec<u8>, Receipt)>;

fn load_replies(connection: &mut dyn Connection, submissions: &[&Submission]) -> Result<Replied, Fault> {
    let wanted: Vec<_> = submissions.iter().filter_map(|one| one.key.as_ref()).collect();
    let mut replied = Replied::new();
    if wanted.is_empty() {
        return Ok(replied);
    }
    let names: Vec<String> = wanted.iter().map(|key| key.key.clone()).collect();
    let accounts: Vec<String> = wanted.iter().map(|key| key.account.clone()).collect();
    let dialect = connection.dialect();
    let sql = format!(
        "select account, reply_key, body_hash, at, first_sequence, entries, reply from replies where {} and {}",
        dialect.is_in("account", 1),
        dialect.is_in("reply_key", 2)
    );
    for mut row in connection.query(&sql, &values![accounts, names])? {
        let place = (row.text()?, row.text()?);
        let body_hash = row.blob()?;
        let (at, first_sequence, entries, reply) = (row.int()?, row.count()?, row.count()?, row.json()?);
        replied.insert(place, (body_hash, Receipt { reply, at, first_sequence, entries, repeated: true }));
    }
    Ok(replied)
}

/// What a panic said.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without words".to_owned())
}
