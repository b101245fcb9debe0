//! Readers: a few threads, each with its own connection; each closure sees one snapshot.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use crate::fault::Fault;
use crate::keys::Keys;
use crate::read::Reader;
use crate::sql::Connection;
use crate::store::Database;
use crate::writer::batch::panic_text;

/// Closures that may wait for a reader.
const QUEUE_MAX: usize = 1_024;

/// Work for a reader: told whether there is one at all.
pub(crate) type Work = Box<dyn FnOnce(Result<&mut Reader<'_>, Fault>) + Send>;

/// The pool.
pub(crate) struct Pool {
    sender: Option<mpsc::SyncSender<Work>>,
    threads: Vec<JoinHandle<()>>,
}

impl Pool {
    pub(crate) fn start(count: usize, database: &Database, keys: &Arc<Keys>) -> Result<Self, Fault> {
        let (sender, receiver) = mpsc::sync_channel::<Work>(QUEUE_MAX);
        let receiver = Arc::new(Mutex::new(receiver));
        let mut threads = Vec::new();
        for number in 0..count.max(1) {
            let (receiver, database, keys) = (receiver.clone(), database.clone(), keys.clone());
            let name = format!("store-reader-{number}");
            let thread = std::thread::Builder::new().name(name).spawn(move || serve(&receiver, &database, &keys));
            threads.push(thread.map_err(|error| Fault::Task(format!("no thread: {error}")))?);
        }
        Ok(Self { sender: Some(sender), threads })
    }

    /// Queues work; false when too much waits.
    pub(crate) fn send(&self, work: Work) -> bool {
        self.sender.as_ref().is_some_and(|sender| sender.try_send(work).is_ok())
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.sender = None;
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("A reader thread panicked");
            }
        }
    }
}

fn serve(receiver: &Mutex<mpsc::Receiver<Work>>, database: &Database, keys: &Keys) {
    let mut connection: Option<Box<dyn Connection>> = None;
    loop {
        let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(work) = next else { return };
        let mut open = match database.begin(connection.take(), |connection| connection.begin_read()) {
            Ok((open, _)) => open,
            Err(fault) => {
                work(Err(fault));
                continue;
            }
        };
        let done = catch_unwind(AssertUnwindSafe(|| work(Ok(&mut Reader::new(&mut *open, keys)))));
        if let Err(panic) = done {
            // The caller's channel was dropped with the closure: it sees a fault.
            tracing::error!("A read panicked: {}", panic_text(&*panic));
        }
        if open.rollback().is_ok() {
            connection = Some(open);
        }
    }
}
