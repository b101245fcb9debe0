use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use journal::Id;
use tokio::sync::oneshot;

use crate::fault::Fault;
use crate::files::{Files, make_folder};
use crate::keys::Keys;
use crate::pool::Pool;
use crate::read::Reader;
use crate::small::Writes;
use crate::sql::postgres::Postgres;
use crate::sql::sqlite::Sqlite;
use crate::sql::{Connection, first, schema};
use crate::vault;
use crate::writer::cache::StateCache;
use crate::writer::log::Head;
use crate::writer::{Closure, Counters, Receipt, Request, Rules, Stats, Submission, SubmitError, Writer};

/// Commands that may wait for the writer.
const QUEUE_MAX: usize = 4_096;

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// The data directory: files, and the database file when no server is named.
    pub data: PathBuf,
    /// A PostgreSQL server (`postgres://…`); none = SQLite under `data`.
    pub database: Option<String>,
    /// This node, as its entries name it.
    pub node: Id,
    /// Run on a PostgreSQL without a synchronous standby.
    pub accept_data_loss: bool,
    /// The key file, outside `data`.
    pub key_file: PathBuf,
    /// Reader threads.
    pub readers: usize,
    /// Commands committed together at most.
    pub batch_max: usize,
}

impl Options {
    /// The usual ones for a data directory and a key file.
    pub fn new(data: impl Into<PathBuf>, key_file: impl Into<PathBuf>, node: Id) -> Self {
        Self {
            data: data.into(),
            database: None,
            node,
            accept_data_loss: false,
            key_file: key_file.into(),
            readers: 4,
            batch_max: 256,
        }
    }
}

/// Where the database is.
#[derive(Clone)]
pub(crate) enum Database {
    Sqlite(PathBuf),
    Postgres { url: String, accept_data_loss: bool },
}

impl Database {
    /// A new connection.
    pub(crate) fn connect(&self) -> Result<Box<dyn Connection>, Fault> {
        match self {
            Self::Sqlite(path) => Ok(Box::new(Sqlite::open(path)?)),
            Self::Postgres { url, accept_data_loss } => {
                let mut connection = Postgres::open(url)?;
                connection.check_durable(*accept_data_loss)?;
                Ok(Box::new(connection))
            }
        }
    }

    /// A connection in a new transaction: the one kept, or a new one when that broke meanwhile; true = it is new. Nothing was asked of it yet,
    /// so that a server that restarted or hung up costs nobody an answer.
    pub(crate) fn begin(
        &self,
        kept: Option<Box<dyn Connection>>,
        begin: fn(&mut dyn Connection) -> Result<(), Fault>,
    ) -> Result<(Box<dyn Connection>, bool), Fault> {
        if let Some(mut kept) = kept {
            let begun = begin(&mut *kept);
            if kept.is_usable() {
                return begun.map(|()| (kept, false));
            }
        }
        let mut new = self.connect()?;
        begin(&mut *new)?;
        Ok((new, true))
    }

    /// A connection whose statements may take long.
    pub(crate) fn connect_patiently(&self) -> Result<Box<dyn Connection>, Fault> {
        match self {
            Self::Sqlite(_) => self.connect(),
            Self::Postgres { url, accept_data_loss } => {
                let mut connection = Postgres::open(url)?;
                connection.check_durable(*accept_data_loss)?;
                connection.without_time_limits()?;
                Ok(Box::new(connection))
            }
        }
    }
}

/// The store of a node: journal, states, rows for pages, vault and files. A handle; copies share the same writer and readers.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) database: Database,
    pub(crate) node: Id,
    pub(crate) keys: Arc<Keys>,
    pub(crate) files: Files,
    queue: mpsc::SyncSender<Request>,
    counters: Arc<Counters>,
    writer: Mutex<Option<JoinHandle<()>>>,
    readers: Pool,
    /// Held as long as the store is open; a store opened to read holds none.
    _lock: Option<File>,
}

impl Store {
    /// Opens the store, making or migrating the database if need be. Blocks; call it outside of async code.
    pub fn open(options: Options) -> Result<Self, Fault> {
        Self::open_with(options, Rules::KERNEL)
    }

    pub(crate) fn open_with(options: Options, rules: Rules) -> Result<Self, Fault> {
        let Options { data, database, node, accept_data_loss, key_file, readers, batch_max } = options;
        make_folder(&data)?;
        let lock = lock(&data)?;
        let database = match database {
            Some(url) => Database::Postgres { url, accept_data_loss },
            None => Database::Sqlite(data.join("jiantong.sqlite")),
        };
        let files = Files::open(&data.join("files"))?;
        // A PostgreSQL client runs a runtime of its own, which may not be nested in another: it lives on plain threads only.
        let keys = std::thread::scope(|scope| {
            let prepared = scope.spawn(|| {
                let mut connection = database.connect_patiently()?;
                let keys = prepare(&mut *connection, node, &key_file)?;
                // What was left when the process died between the commit and the removal.
                let erased = vault::erased(&mut *connection)?;
                erased.iter().try_for_each(|subject| files.remove_subject(subject)).map(|()| keys)
            });
            prepared.join().map_err(|_| Fault::Task("opening the database panicked".to_owned()))?
        })?;
        let keys = Arc::new(keys);
        let counters = Arc::new(Counters::default());
        let (queue, receiver) = mpsc::sync_channel(QUEUE_MAX);
        let (writer_database, writer_keys) = (database.clone(), keys.clone());
        let (writer_files, writer_counters) = (files.clone(), counters.clone());
        let writer = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                let writer = Writer {
                    database: writer_database,
                    connection: None,
                    keys: writer_keys,
                    rules,
                    node,
                    files: writer_files,
                    counters: writer_counters,
                    batch_max: batch_max.max(1),
                    cache: StateCache::default(),
                    tree: None,
                    term: 0,
                };
                writer.run(&receiver);
            })
            .map_err(|error| Fault::Task(format!("no thread: {error}")))?;
        let readers = Pool::start(readers, &database, &keys)?;
        let inner = Inner {
            database,
            node,
            keys,
            files,
            queue,
            counters,
            writer: Mutex::new(Some(writer)),
            readers,
            _lock: Some(lock),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Opens the store only to read it, beside a process that works on it: nothing is made, migrated or written; submissions and writes get
    /// [`Fault::Stopped`]. Blocks.
    pub fn open_to_read(options: Options) -> Result<Self, Fault> {
        let Options { data, database, node, accept_data_loss, key_file, readers, .. } = options;
        let database = match database {
            Some(url) => Database::Postgres { url, accept_data_loss },
            None => Database::Sqlite(data.join("jiantong.sqlite")),
        };
        if let Database::Sqlite(path) = &database
            && let Err(error) = std::fs::metadata(path)
        {
            return Err(Fault::io(path, error));
        }
        let keys = std::thread::scope(|scope| {
            let looked = scope.spawn(|| {
                let mut connection = database.connect_patiently()?;
                schema::check(&mut *connection)?;
                own(&mut *connection, node)?;
                open_keys(&mut *connection, &key_file, false)
            });
            looked.join().map_err(|_| Fault::Task("opening the database panicked".to_owned()))?
        })?;
        let keys = Arc::new(keys);
        // Nobody holds the other end: what is sent comes back as a fault.
        let (queue, _) = mpsc::sync_channel(1);
        let inner = Inner {
            readers: Pool::start(readers, &database, &keys)?,
            files: Files::beside(&data.join("files")),
            counters: Arc::new(Counters::default()),
            writer: Mutex::new(None),
            database,
            node,
            keys,
            queue,
            _lock: None,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Carries out a command: the answer comes after the sync.
    pub async fn submit(&self, submission: Submission) -> Result<Receipt, SubmitError> {
        let (reply, answer) = oneshot::channel();
        match self.inner.queue.try_send(Request::Submit(Box::new(submission), reply)) {
            Ok(()) => {}
            Err(mpsc::TrySendError::Full(_)) => return Err(SubmitError::Busy),
            Err(mpsc::TrySendError::Disconnected(_)) => return Err(SubmitError::Fault(Arc::new(Fault::Stopped))),
        }
        answer.await.unwrap_or_else(|_| Err(SubmitError::Fault(Arc::new(Fault::Stopped))))
    }

    /// Does small writes that are not acts: sessions, drafts, leases. They share the writer's batches. The closure may be called twice.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Writes<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Arc<Fault>> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Closure { work, value: None, reply });
        match self.inner.queue.try_send(Request::Write(job)) {
            Ok(()) => {}
            Err(mpsc::TrySendError::Full(_)) => {
                return Err(Arc::new(Fault::Task("too many writes are waiting".to_owned())));
            }
            Err(mpsc::TrySendError::Disconnected(_)) => return Err(Arc::new(Fault::Stopped)),
        }
        answer.await.unwrap_or_else(|_| Err(Arc::new(Fault::Stopped)))
    }

    /// Reads: everything in the closure sees one snapshot.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Reader<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (reply, answer) = oneshot::channel();
        let queued = self.inner.readers.send(Box::new(move |reader| {
            // A caller that went away does not want to know.
            let _gone = reply.send(reader.and_then(work));
        }));
        if !queued {
            return Err(Fault::Task("too many reads are waiting".to_owned()));
        }
        answer.await.unwrap_or_else(|_| Err(Fault::Task("a read panicked".to_owned())))
    }

    /// What the writer did since it started.
    pub fn stats(&self) -> Stats {
        self.inner.counters.read()
    }

    /// The files beside the database.
    pub fn files(&self) -> &Files {
        &self.inner.files
    }

    /// This node, as its entries name it.
    pub fn node(&self) -> Id {
        self.inner.node
    }

    /// Keyed hash of a personal value that must be found again by equality (security.md §4), lower-case hex.
    pub fn lookup_hash(&self, kind: &str, value: &str) -> String {
        crate::keys::lookup_hash(&self.inner.keys, kind, value)
    }

    /// The node's secret for keyed hashes in facts (`kernel::Facts::pepper`); never the key of another purpose.
    pub fn pepper(&self) -> [u8; 32] {
        crate::keys::pepper(&self.inner.keys)
    }

    /// Finishes what waits and ends the writer. Later commands get a fault.
    pub fn stop(&self) {
        self.inner.stop();
    }

    /// Work with a connection of its own and without time limits, on a plain thread: verification, rebuilding. Blocks.
    pub(crate) fn on_own_connection<T: Send>(
        &self,
        work: impl FnOnce(&mut dyn Connection) -> Result<T, Fault> + Send,
    ) -> Result<T, Fault> {
        let inner = &self.inner;
        std::thread::scope(|scope| {
            let worker = scope.spawn(|| work(&mut *inner.database.connect_patiently()?));
            worker.join().map_err(|_| Fault::Task("the work panicked".to_owned()))?
        })
    }
}

impl Inner {
    fn stop(&self) {
        let thread = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // Fails only when the writer has ended already.
            let _ended = self.queue.send(Request::Stop);
            if thread.join().is_err() {
                tracing::error!("The writer thread panicked");
            }
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop();
    }
}

/// One process at a time works in a data directory.
fn lock(data: &Path) -> Result<File, Fault> {
    let path = data.join("lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|error| Fault::io(&path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(Fault::InUse(data.to_owned())),
        Err(std::fs::TryLockError::Error(error)) => Err(Fault::io(&path, error)),
    }
}

/// Is the database this node's? One that is nobody's yet answers no.
fn own(connection: &mut dyn Connection, node: Id) -> Result<bool, Fault> {
    let expected = node.to_string();
    match schema::meta(connection, "node")? {
        Some(found) if found == expected => Ok(true),
        Some(found) => Err(Fault::OtherNode { found, expected }),
        None => Ok(false),
    }
}

/// Schema, owner, log head and keys.
fn prepare(connection: &mut dyn Connection, node: Id, key_file: &Path) -> Result<Keys, Fault> {
    schema::migrate(connection)?;
    if !own(connection, node)? {
        schema::set_meta(connection, "node", &node.to_string())?;
    }
    Head::begin(connection)?;
    let used = first(connection, "select 1 from subjects union all select 1 from checkpoints limit 1", &[])?.is_some();
    open_keys(connection, key_file, !used)
}

/// The keys of this database: those of another, or new ones, would open nothing in it and seal what nobody opens later.
fn open_keys(connection: &mut dyn Connection, path: &Path, make: bool) -> Result<Keys, Fault> {
    let keys = Keys::open(path, make)?;
    if vault::is_opened_by(connection, &keys)? {
        return Ok(keys);
    }
    let problem = "holds other keys than those that the database is sealed with".to_owned();
    Err(Fault::KeyFile { path: path.to_owned(), problem })
}
