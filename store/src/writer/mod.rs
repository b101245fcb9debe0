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

use self::batch::{Batch, Dropped, panic_text};
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
}

enum Outcome {
    Submitted(Result<Receipt, SubmitError>),
    Wrote(Result<(), Arc<Fault>>),
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
    fn process(&mut self, mut batch: Vec<Request>) {
        self.counters.batch_max.fetch_max(batch.len() as u64, Ordering::Relaxed);
        match self.attempt(&mut batch) {
            Ok(outcomes) => {
                for (request, outcome) in batch.into_iter().zip(outcomes) {
                    answer(request, outcome);
                }
            }
            Err(fault) => {
                tracing::warn!(error = %fault, commands = batch.len(), "A batch failed: {fault}");
                Counters::add(&self.counters.faults, 1);
                if batch.len() > 1 && !fault.is_disk_full() && self.connection.is_some() {
                    batch.into_iter().for_each(|request| self.process(vec![request]));
                } else {
                    let fault = Arc::new(fault);
                    for request in batch {
                        let outcome = match &request {
                            Request::Submit(..) => Outcome::Submitted(Err(SubmitError::Fault(fault.clone()))),
                            _ => Outcome::Wrote(Err(fault.clone())),
                        };
                        answer(request, outcome);
                    }
                }
            }
        }
    }

    fn attempt(&mut self, batch: &mut [Request]) -> Result<Vec<Outcome>, Fault> {
        let mut connection = match self.connection.take().filter(|connection| connection.is_usable()) {
            Some(connection) => connection,
            None => self.database.connect()?,
        };
        let tried = connection.begin_write().and_then(|()| self.within(&mut *connection, batch));
        match tried {
            Ok(outcomes) => {
                self.connection = Some(connection);
                Ok(outcomes)
            }
            Err(fault) => {
                self.tree = None;
                if connection.rollback().is_ok() && connection.is_usable() {
                    self.connection = Some(connection);
                } else {
                    self.cache.clear();
                }
                Err(fault)
            }
        }
    }

    fn within(&mut self, connection: &mut dyn Connection, batch: &mut [Request]) -> Result<Vec<Outcome>, Fault> {
        let head = Head::lock(connection)?;
        let tree = match self.tree.take() {
            Some(tree) if *tree.frontier() == head.frontier => tree,
            _ => log::resume(connection, &head.frontier)?,
        };
        let submissions: Vec<&Submission> = batch
            .iter()
            .filter_map(|request| if let Request::Submit(submission, _) = request { Some(&**submission) } else { None })
            .collect();
        let keys = self.keys.clone();
        let mut open =
            Batch::begin(connection, &mut self.cache, &keys, self.rules, self.node, head, tree, &submissions)?;
        let mut outcomes = Vec::with_capacity(batch.len());
        let (mut carried_out, mut refused, mut wrote) = (0, 0, 0);
        for request in batch {
            outcomes.push(match request {
                Request::Submit(submission, _) => match open.take(submission) {
                    Ok(receipt) => {
                        carried_out += u64::from(!receipt.repeated);
                        Outcome::Submitted(Ok(receipt))
                    }
                    Err(Dropped::Command(error)) => {
                        refused += 1;
                        Outcome::Submitted(Err(error))
                    }
                    Err(Dropped::Batch(fault)) => return Err(fault),
                },
                Request::Write(job) => {
                    wrote += 1;
                    Outcome::Wrote(in_savepoint(open.connection, &keys, &mut **job)?)
                }
                Request::Stop => Outcome::Wrote(Ok(())),
            });
        }
        let written = open.write()?;
        connection.commit()?;
        self.tree = Some(written.tree);
        for (stream, held) in written.states {
            self.cache.put(stream, held);
        }
        for subject in written.erased {
            // Unreadable already: the key is gone. What a crash leaves here is removed by the next `collect`.
            if let Err(error) = self.files.remove_subject(&subject) {
                tracing::warn!(%error, subject, "Sealed files of an erased subject could not be removed");
            }
        }
        Counters::add(&self.counters.commands, carried_out);
        Counters::add(&self.counters.refusals, refused);
        Counters::add(&self.counters.entries, written.entries);
        Counters::add(&self.counters.rows, written.rows);
        Counters::add(&self.counters.commits, u64::from(carried_out + wrote > 0));
        Ok(outcomes)
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
