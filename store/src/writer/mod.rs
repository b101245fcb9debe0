//! The batching writer: one thread, one queue, many commands with one sync (architecture.md §4; dependencies.md: 40 times the commits of a
//! sync for each).

pub(crate) mod batch;
pub(crate) mod cache;
pub(crate) mod log;
pub(crate) mod rows;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use journal::tree::tiles::TileWriter;
use journal::{Actor, Id};
use kernel::command::Loaded;
use kernel::{Command, Decision, Facts, Needs, Refusal};
use serde_json::Value as Json;
use tokio::sync::oneshot;

use self::batch::{Batch, Dropped, Written, panic_text};
use self::cache::StateCache;
use self::log::Head;
use crate::fault::Fault;
use crate::files::Files;
use crate::keys::Keys;
use crate::small::Writes;
use crate::sql::Connection;
use crate::store::Database;

/// A command with everything it is decided on.
#[derive(Clone, Debug)]
pub struct Submission {
    /// What is asked for.
    pub command: Command,
    /// By whom.
    pub actor: Actor,
    /// The facts gathered for it, with their versions.
    pub facts: Facts,
    /// So that a retry gets the first answer.
    pub key: Option<IdempotencyKey>,
    /// When the act was entered, if not now: µs UTC, by the clock where it was entered.
    pub entered_at: Option<i64>,
}

/// The name of one wish of one account (security.md §2 rule 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Whose.
    pub account: String,
    /// Form nonce or `Idempotency-Key`.
    pub key: String,
    /// Hash of what was asked for: the same key with another wish is refused.
    pub body_hash: [u8; 32],
}

/// A command was carried out and is on disk.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    /// What the kernel answered.
    pub reply: Json,
    /// Journal time of the first entry, µs UTC.
    pub at: i64,
    /// Sequence of the first entry.
    pub first_sequence: u64,
    /// How many entries.
    pub entries: u64,
    /// This is the answer to an earlier command under the same key.
    pub repeated: bool,
}

/// A command was not carried out.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SubmitError {
    /// The rules say no.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// Something it was decided on has changed since it was read: read again and ask again.
    #[error("something changed in the meantime")]
    Stale,
    /// The key was used for another wish.
    #[error("the idempotency key was used for something else")]
    KeyReused,
    /// The queue is full: try later.
    #[error("too many commands are waiting")]
    Busy,
    /// A machine failed. Whether the command was carried out is unknown; the same key tells.
    #[error("{0}")]
    Fault(#[source] Arc<Fault>),
}

/// What the writer did since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Commands carried out.
    pub commands: u64,
    /// Transactions committed with changes: each one sync.
    pub commits: u64,
    /// Commands refused, stale or with a reused key.
    pub refusals: u64,
    /// Journal entries written.
    pub entries: u64,
    /// Other rows written.
    pub rows: u64,
    /// Largest batch.
    pub batch_max: u64,
    /// Batches that failed.
    pub faults: u64,
}

#[derive(Default)]
pub(crate) struct Counters {
    commands: AtomicU64,
    commits: AtomicU64,
    refusals: AtomicU64,
    entries: AtomicU64,
    rows: AtomicU64,
    batch_max: AtomicU64,
    faults: AtomicU64,
}

impl Counters {
    pub(crate) fn read(&self) -> Stats {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            commands: of(&self.commands),
            commits: of(&self.commits),
            refusals: of(&self.refusals),
            entries: of(&self.entries),
            rows: of(&self.rows),
            batch_max: of(&self.batch_max),
            faults: of(&self.faults),
        }
    }

    fn add(counter: &AtomicU64, n: u64) {
        counter.fetch_add(n, Ordering::Relaxed);
    }
}

/// The pure functions that the writer runs: the kernel's.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) needs: fn(&Command, &Actor, &Facts) -> Needs,
    pub(crate) decide: fn(&Command, &Actor, &Loaded, &Facts) -> Result<Decision, Refusal>,
}

impl Rules {
    pub(crate) const KERNEL: Self = Self { needs: kernel::needs, decide: kernel::decide };
}

/// What waits in the queue.
pub(crate) enum Request {
    /// A command.
    Submit(Box<Submission>, oneshot::Sender<Result<Receipt, SubmitError>>),
    /// A small write.
    Write(Box<dyn WriteJob>),
    /// Finish what waits, then end.
    Stop,
}

/// A small write of some type.
pub(crate) trait WriteJob: Send {
    /// Does it; may be called again when the batch it was in failed.
    fn run(&mut self, writes: &mut Writes<'_>) -> Result<(), Fault>;
    /// Tells its caller.
    fn done(self: Box<Self>, result: Result<(), Arc<Fault>>);
}

/// A closure as a [`WriteJob`].
pub(crate) struct Closure<T, F> {
    pub(crate) work: F,
    pub(crate) value: Option<T>,
    pub(crate) reply: oneshot::Sender<Result<T, Arc<Fault>>>,
}

impl<T: Send, F: FnMut(&mut Writes<'_>) -> Result<T, Fault> + Send> WriteJob for Closure<T, F> {
    fn run(&mut self, writes: &mut Writes<'_>) -> Result<(), Fault> {
        let work = &mut self.work;
        let value = catch_unwind(AssertUnwindSafe(|| work(writes)))
            .map_err(|panic| Fault::Task(format!("a write panicked: {}", panic_text(&*panic))))??;
        self.value = Some(value);
        Ok(())
    }

    fn done(self: Box<Self>, result: Result<(), Arc<Fault>>) {
        let Self { value, reply, .. } = *self;
        let result = result.and_then(|()| value.ok_or_else(|| Arc::new(Fault::Stopped)));
        // A caller that went away does not want to know.
        let _gone = reply.send(result);
    }
}

/// The thread's own.
pub(crate) struct Writer {
    pub(crate) database: Database,
    pub(crate) connection: Option<Box<dyn Connection>>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) rules: Rules,
    pub(crate) node: Id,
    pub(crate) files: Files,
    pub(crate) counters: Arc<Counters>,
    pub(crate) batch_max: usize,
    pub(crate) cache: StateCache,
    pub(crate) tree: Option<TileWriter>,
    /// Highest term of a server that this process has seen.
    pub(crate) term: i64,
}

enum Outcome {
    Submitted(Result<Receipt, SubmitError>),
    Wrote(Result<(), Arc<Fault>>),
}

/// Why nothing of a batch was kept.
enum Failed {
    /// The database cannot be worked with, whatever is asked of it: asking again would only take as long again.
    Database(Fault),
    /// Something in the batch, perhaps one of its members alone.
    Batch(Fault),
}

/// A committed batch.
struct Done {
    outcomes: Vec<Outcome>,
    written: Written,
}

impl Writer {
    /// Works until the queue is closed or told to stop.
    pub(crate) fn run(mut self, queue: &mpsc::Receiver<Request>) {
        let mut stopping = false;
        while !stopping {
            let Ok(first) = queue.recv() else { return };
            let mut batch = Vec::new();
            for request in std::iter::once(first).chain(queue.try_iter()) {
                if matches!(request, Request::Stop) {
                    stopping = true;
                    break;
                }
                batch.push(request);
                if batch.len() >= self.batch_max {
                    break;
                }
            }
            if !batch.is_empty() {
                self.process(batch);
            }
        }
    }

    /// Commits a batch and answers. When a batch fails its members are tried alone, so that one poisonous command cannot stop the others.
    /// Gives the fault when it was the database that failed.
    fn process(&mut self, mut batch: Vec<Request>) -> Option<Arc<Fault>> {
        self.counters.batch_max.fetch_max(batch.len() as u64, Ordering::Relaxed);
        let failed = match self.attempt(&mut batch) {
            Ok(outcomes) => {
                batch.into_iter().zip(outcomes).for_each(|(request, outcome)| answer(request, outcome));
                return None;
            }
            Err(failed) => failed,
        };
        let (Failed::Database(fault) | Failed::Batch(fault)) = &failed;
        tracing::warn!(error = %fault, commands = batch.len(), "A batch failed: {fault}");
        Counters::add(&self.counters.faults, 1);
        match failed {
            Failed::Batch(_) if batch.len() > 1 => self.process_each(batch),
            Failed::Batch(fault) => {
                tell(batch, &Arc::new(fault));
                None
            }
            Failed::Database(fault) => {
                let fault = Arc::new(fault);
                tell(batch, &fault);
                Some(fault)
            }
        }
    }

    /// One after another, until the database fails: the rest need not wait for its deadlines one by one.
    fn process_each(&mut self, batch: Vec<Request>) -> Option<Arc<Fault>> {
        let mut rest = batch.into_iter();
        while let Some(request) = rest.next() {
            if let Some(fault) = self.process(vec![request]) {
                tell(rest, &fault);
                return Some(fault);
            }
        }
        None
    }

    fn attempt(&mut self, batch: &mut [Request]) -> Result<Vec<Outcome>, Failed> {
        let kept = self.connection.take();
        let (mut connection, new) =
            self.database.begin(kept, |connection| connection.begin_write()).map_err(Failed::Database)?;
        if new {
            // After a failover it leads to another server, where streams may stand elsewhere.
            self.cache.clear();
        }
        let tried = catch_unwind(AssertUnwindSafe(|| self.commit(&mut *connection, batch)));
        let failed = match tried {
            Ok(Ok(done)) => {
                self.connection = Some(connection);
                return Ok(self.remember(done));
            }
            Ok(Err(failed)) => failed,
            // We were wrong (style.md "Errors"): the command dies, the writer lives. What the panic left of the connection nobody knows.
            Err(panic) => {
                self.tree = None;
                return Err(Failed::Batch(Fault::Task(format!("the writer panicked: {}", panic_text(&*panic)))));
            }
        };
        self.tree = None;
        let usable = connection.rollback().is_ok() && connection.is_usable();
        match failed {
            Failed::Batch(fault) if usable && !fault.is_disk_full() => {
                self.connection = Some(connection);
                Err(Failed::Batch(fault))
            }
            // The connection is dropped: the next one may find a better server.
            Failed::Batch(fault) | Failed::Database(fault) => Err(Failed::Database(fault)),
        }
    }

    /// Everything up to the sync.
    fn commit(&mut self, connection: &mut dyn Connection, batch: &mut [Request]) -> Result<Done, Failed> {
        let (head, tree) = self.lock(connection).map_err(Failed::Database)?;
        self.within(connection, head, tree, batch).map_err(Failed::Batch)
    }

    fn lock(&mut self, connection: &mut dyn Connection) -> Result<(Head, TileWriter), Fault> {
        let head = Head::lock(connection, &mut self.term)?;
        let tree = match self.tree.take() {
            Some(tree) if *tree.frontier() == head.frontier => tree,
            _ => log::resume(connection, &head.frontier)?,
        };
        Ok((head, tree))
    }

    fn within(
        &mut self,
        connection: &mut dyn Connection,
        head: Head,
        tree: TileWriter,
        batch: &mut [Request],
    ) -> Result<Done, Fault> {
        let keys = self.keys.clone();
        // Small writes first: they see the tables as they stand, and would not see what the commands beside them have yet to write.
        let mut wrote = Vec::new();
        for request in batch.iter_mut() {
            if let Request::Write(job) = request {
                wrote.push(in_savepoint(connection, &keys, &mut **job)?);
            }
        }
        let mut wrote = wrote.into_iter();
        let submissions: Vec<&Submission> = batch
            .iter()
            .filter_map(|request| if let Request::Submit(submission, _) = request { Some(&**submission) } else { None })
            .collect();
        let mut open =
            Batch::begin(connection, &mut self.cache, &keys, self.rules, self.node, head, tree, &submissions)?;
        let mut outcomes = Vec::with_capacity(batch.len());
        for request in batch {
            outcomes.push(match request {
                Request::Submit(submission, _) => Outcome::Submitted(match open.take(submission) {
                    Ok(receipt) => Ok(receipt),
                    Err(Dropped::Command(error)) => Err(error),
                    Err(Dropped::Batch(fault)) => return Err(fault),
                }),
                Request::Write(_) => Outcome::Wrote(wrote.next().unwrap_or_else(|| Err(Arc::new(Fault::Stopped)))),
                Request::Stop => Outcome::Wrote(Ok(())),
            });
        }
        let written = open.write()?;
        connection.commit()?;
        Ok(Done { outcomes, written })
    }

    /// What holds from now on, because it is on disk.
    fn remember(&mut self, Done { outcomes, written }: Done) -> Vec<Outcome> {
        self.tree = Some(written.tree);
        for (stream, held) in written.states {
            self.cache.put(stream, held);
        }
        for subject in written.erased {
            // Unreadable already: the key is gone. What a crash leaves here goes when the store is opened again.
            if let Err(error) = self.files.remove_subject(&subject) {
                tracing::warn!(%error, subject, "Sealed files of an erased subject could not be removed");
            }
        }
        let count = |which: fn(&Outcome) -> bool| outcomes.iter().filter(|outcome| which(outcome)).count() as u64;
        let carried_out = count(|outcome| matches!(outcome, Outcome::Submitted(Ok(receipt)) if !receipt.repeated));
        let wrote = count(|outcome| matches!(outcome, Outcome::Wrote(_)));
        Counters::add(&self.counters.commands, carried_out);
        Counters::add(&self.counters.refusals, count(|outcome| matches!(outcome, Outcome::Submitted(Err(_)))));
        Counters::add(&self.counters.entries, written.entries);
        Counters::add(&self.counters.rows, written.rows);
        Counters::add(&self.counters.commits, u64::from(carried_out + wrote > 0));
        outcomes
    }
}

/// A small write that fails takes nothing else with it.
fn in_savepoint(
    connection: &mut dyn Connection,
    keys: &Keys,
    job: &mut dyn WriteJob,
) -> Result<Result<(), Arc<Fault>>, Fault> {
    connection.script("savepoint small_write")?;
    match job.run(&mut Writes::new(connection, keys)) {
        Ok(()) => {
            connection.script("release savepoint small_write")?;
            Ok(Ok(()))
        }
        Err(fault) => {
            connection.script("rollback to savepoint small_write")?;
            connection.script("release savepoint small_write")?;
            Ok(Err(Arc::new(fault)))
        }
    }
}

/// Everybody gets the same fault.
fn tell(batch: impl IntoIterator<Item = Request>, fault: &Arc<Fault>) {
    for request in batch {
        let outcome = match &request {
            Request::Submit(..) => Outcome::Submitted(Err(SubmitError::Fault(fault.clone()))),
            _ => Outcome::Wrote(Err(fault.clone())),
        };
        answer(request, outcome);
    }
}

fn answer(request: Request, outcome: Outcome) {
    match (request, outcome) {
        (Request::Submit(_, reply), Outcome::Submitted(result)) => {
            // A caller that went away does not want to know.
            let _gone = reply.send(result);
        }
        (Request::Write(job), Outcome::Wrote(result)) => job.done(result),
        _ => {}
    }
}
