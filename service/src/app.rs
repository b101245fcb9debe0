//! What every use case works with: the store, the catalog versions, the clock, randomness, the printer, the settings.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use base::id::{AccountId, CaseId, DraftId, PostId, SubjectId};
use base::region::RegionCode;
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::catalog::{Catalog, Matter};
use kernel::sealed::Entropy;
use store::Store;

use crate::error::Result;

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
}

/// Catalog versions: the one in use, and matters of older ones that running cases keep.
struct Shelf {
    current: RwLock<Arc<Catalog>>,
    older: RwLock<BTreeMap<String, Arc<Matter>>>,
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
        let shelf = Shelf { current: RwLock::new(catalog), older: RwLock::default() };
        Self(Arc::new(Inner { store, shelf, clock, entropy, printer, settings }))
    }

    /// Database and files.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The printer, if fonts are there.
    pub fn printer(&self) -> Option<&print::Printer> {
        self.0.printer.as_ref()
    }

    /// What the installation decides.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The catalog in use.
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.0.shelf.current.read().unwrap_or_else(std::sync::PoisonError::into_inner))
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
        self.catalog().matters.get(code).cloned()
    }

    /// A matter at the version that a case keeps: the current one, or one from the stored catalog versions.
    pub async fn matter_at(&self, code: &str, version: &str) -> Result<Arc<Matter>> {
        if let Some(matter) = self.matter(code).filter(|matter| matter.version == version) {
            return Ok(matter);
        }
        let shelf = &self.0.shelf;
        if let Some(matter) = shelf.older.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(version) {
            return Ok(Arc::clone(matter));
        }
        let wanted = version.to_owned();
        let files = self.store().read(move |reader| reader.matter_files(&wanted)).await?;
        let matter = files
            .and_then(|files| Catalog::parse(&files).0)
            .and_then(|catalog| catalog.matters.into_values().find(|matter| matter.version == version))
            .ok_or_else(crate::Error::not_found)?;
        let mut older = shelf.older.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        older.insert(version.to_owned(), Arc::clone(&matter));
        Ok(matter)
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
