//! What every use case works with: the store, the catalog versions, the clock, randomness, the printer, the settings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use base::id::{AccountId, CaseId, DraftId, PostId, SubjectId};
use base::region::RegionCode;
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::catalog::{Catalog, Files, Matter};
use kernel::message::Medium;
use kernel::sealed::Entropy;
use kernel::{State, StreamId};
use store::Store;
use tokio::sync::Semaphore;

use crate::attempts::Budgets;
use crate::error::{Error, Result};
use crate::outbox::Turns;

/// The instant, from outside: the machine's clock, or a simulated one.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Randomness from outside: the operating system's, or a seeded one.
pub trait EntropySource: Send + Sync {
    /// Thirty-two fresh bytes.
    fn seed(&self) -> [u8; 32];
}

/// What the installation decides.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Address people use, without a slash at the end: stands in QR codes.
    pub public_url: String,
    /// The demonstration: accounts on the login page, component gallery, a notice on each page.
    pub demo: bool,
    /// Region of this node: the province.
    pub region: RegionCode,
    /// Who gives it on `/setup` names the administrators, while there is no account.
    pub setup_code: Option<String>,
    /// Secret of the node for keyed hashes of personal claim keys.
    pub pepper: [u8; 32],
    /// Media that messages go out by; none = everything is told in the application alone, and nothing is queued.
    pub media: BTreeSet<Medium>,
}

/// The application: cheap to clone, shared by handlers and jobs.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    store: Store,
    shelf: Shelf,
    clock: Arc<dyn Clock>,
    entropy: Box<dyn EntropySource>,
    printer: Option<print::Printer>,
    settings: Settings,
    budgets: Budgets,
    printing: Semaphore,
    turns: Turns,
}

/// Catalog versions: the one in use, and older ones that running cases keep.
struct Shelf {
    current: RwLock<InUse>,
    older: Mutex<BTreeMap<String, Arc<Catalog>>>,
}

/// The catalog in use, with the calendar in force.
struct InUse {
    catalog: Arc<Catalog>,
    /// The version of the node's settings that its calendar knows.
    settings: Option<u64>,
}

/// A panic while the map was held cannot have left it half changed: insertion is one step.
fn older(map: &Mutex<BTreeMap<String, Arc<Catalog>>>) -> MutexGuard<'_, BTreeMap<String, Arc<Catalog>>> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}

impl App {
    /// From its parts. Without a printer papers are refused, all else works.
    pub fn new(
        store: Store,
        catalog: Arc<Catalog>,
        clock: Arc<dyn Clock>,
        entropy: Box<dyn EntropySource>,
        printer: Option<print::Printer>,
        settings: Settings,
    ) -> Self {
        let in_use = InUse { catalog, settings: None };
        let shelf = Shelf { current: RwLock::new(in_use), older: Mutex::default() };
        let (budgets, printing, turns) = (Budgets::default(), Semaphore::new(1), Turns::default());
        Self(Arc::new(Inner { store, shelf, clock, entropy, printer, settings, budgets, printing, turns }))
    }

    /// What networks may still try.
    pub(crate) fn budgets(&self) -> &Budgets {
        &self.0.budgets
    }

    /// Database and files.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The printer, if fonts are there.
    pub fn printer(&self) -> Option<&print::Printer> {
        self.0.printer.as_ref()
    }

    /// Whose turn it is to print.
    pub(crate) fn printing(&self) -> &Semaphore {
        &self.0.printing
    }

    /// Whose turn it is in each queue of the outbox.
    pub(crate) fn turns(&self) -> &Turns {
        &self.0.turns
    }

    /// What the installation decides.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The catalog in use.
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.in_use().catalog)
    }

    fn in_use(&self) -> RwLockReadGuard<'_, InUse> {
        self.0.shelf.current.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings the calendar up to what this node, or another process of it, has loaded. Gives the version of the settings that were read: facts
    /// that rest on the calendar name it, so that the writer refuses them when a notice came in between.
    pub(crate) async fn settle_calendar(&self) -> Result<u64> {
        let known = self.in_use().settings;
        let read = self.store().read(move |reader| {
            let version = reader.version(&StreamId::node())?;
            let state = if known == Some(version) { None } else { reader.state(&StreamId::node())? };
            Ok((version, state))
        });
        let (version, state) = read.await?;
        if known == Some(version) {
            return Ok(version);
        }
        let mut in_use = self.0.shelf.current.write().unwrap_or_else(PoisonError::into_inner);
        if in_use.settings.is_none_or(|settled| settled < version) {
            in_use.settings = Some(version);
            if let Some((_, State::Node(settings))) = state.filter(|_| version > 0)
                && !settings.years.is_empty()
            {
                let calendar = settings.calendar_over(&in_use.catalog.calendar);
                in_use.catalog = Arc::new(in_use.catalog.with_calendar(calendar));
            }
        }
        Ok(version)
    }

    /// The instant.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The day in Asia/Shanghai.
    pub fn today(&self) -> Date {
        base::time::date(self.now())
    }

    /// Salts and codes for one command.
    pub fn entropy(&self) -> Entropy {
        Entropy::new(self.0.entropy.seed())
    }

    /// A matter of the catalog in use.
    pub fn matter(&self, code: &str) -> Option<Arc<Matter>> {
        self.catalog().matter(code).cloned()
    }

    /// A matter at the version that a case keeps.
    pub async fn matter_at(&self, code: &str, version: &str) -> Result<Arc<Matter>> {
        self.catalog_at(version).await?.matter(code).cloned().ok_or_else(Error::not_found)
    }

    /// A catalog version: the current one, or one of those that the store keeps.
    pub async fn catalog_at(&self, version: &str) -> Result<Arc<Catalog>> {
        let (current, shelf) = (self.catalog(), &self.0.shelf);
        let known =
            if current.version() == version { Some(current) } else { older(&shelf.older).get(version).cloned() };
        if let Some(catalog) = known {
            return Ok(catalog);
        }
        let wanted = version.to_owned();
        let stored = self.store().read(move |reader| reader.catalog(&wanted)).await?.ok_or_else(Error::not_found)?;
        let mut files = Files::new();
        stored.into_iter().for_each(|(path, bytes)| files.insert(path, bytes));
        let catalog = Catalog::parse(&files).0.map(Arc::new).ok_or_else(Error::not_found)?;
        older(&shelf.older).insert(version.to_owned(), Arc::clone(&catalog));
        Ok(catalog)
    }
}

macro_rules! fresh_ids {
    ($($name:ident -> $type:ty;)*) => {
        impl App {
            $(
                #[doc = concat!("A fresh [`", stringify!($type), "`]: the instant and random bytes.")]
                pub fn $name(&self) -> $type {
                    let seed = self.0.entropy.seed();
                    let mut random = [0; 10];
                    random.copy_from_slice(&seed[..10]);
                    let milliseconds = u64::try_from(self.now().as_millisecond()).unwrap_or_default();
                    <$type>::new_v7(milliseconds, random)
                }
            )*
        }
    };
}

fresh_ids! {
    new_case -> CaseId;
    new_account -> AccountId;
    new_post -> PostId;
    new_subject -> SubjectId;
    new_draft -> DraftId;
}
