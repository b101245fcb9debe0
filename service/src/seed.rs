//! What a node starts with: the catalog's organisations in the directory, and the catalog version itself taken into use.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use kernel::directory::{DirectoryCommand, OrganisationRegistered};
use kernel::{Command, StreamId};
use store::{Field, FieldKind, Submission};

use crate::app::App;
use crate::error::Result;
use crate::identity::system;

/// The job that seeds, as its entries name it.
const JOB: &str = "seed";

/// Organisations of the catalog are valid since the first revision of the region codes that the product knows.
fn since() -> Date {
    Date::constant(1980, 12, 1)
}

impl App {
    /// Keeps the files of the catalog in use, so that its cases can be read for ever, and journals its adoption. Once per version.
    pub async fn adopt_catalog(&self, files: Vec<(String, Vec<u8>)>) -> Result<()> {
        let catalog = self.catalog();
        let version = catalog.version().to_owned();
        self.index_facts().await?;
        let known = self.store().read(|reader| reader.catalog_versions()).await?;
        if known.contains(&version) {
            return self.settle_calendar().await.map(|_| ());
        }
        let (kept, at) = (version.clone(), self.now().as_microsecond());
        self.store().write(move |writes| writes.put_catalog(&kept, &files, at)).await.map_err(crate::Error::Fault)?;
        let calendar = catalog.calendar.version().to_owned();
        self.direct(DirectoryCommand::AdoptCatalog { catalog: version, calendar }).await?;
        self.settle_calendar().await.map(|_| ())
    }

    /// An index for every field by which a matter looks a record up, so that a step costs the same however many records there are. Fields that
    /// are only compared besides (`where`) have none: the planner might choose one that tells few records apart.
    async fn index_facts(&self) -> Result<()> {
        let catalog = self.catalog();
        let mut asked: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for fact in catalog.matters.values().flat_map(|matter| matter.spec.facts.iter().map(|(_, fact)| fact)) {
            asked.entry(fact.register.clone()).or_default().extend(fact.by.clone());
        }
        let declared = self.store().write(move |writes| {
            for (register, fields) in &asked {
                let text = |name: &String| Field { name: name.clone(), kind: FieldKind::Text };
                let fields: Vec<Field> = fields.iter().map(text).collect();
                writes.declare_fields(register, &fields)?;
            }
            Ok(())
        });
        declared.await.map_err(crate::Error::Fault)
    }

    /// Registers the organisations of the catalog that the directory lacks.
    pub async fn seed_organisations(&self) -> Result<()> {
        let catalog = self.catalog();
        let streams: Vec<StreamId> =
            catalog.directory.organisations.iter().map(|seed| StreamId::organisation(&seed.code)).collect();
        let known = self.store().read(move |reader| {
            streams.iter().map(|stream| reader.version(stream)).collect::<std::result::Result<Vec<u64>, _>>()
        });
        let lacking: Vec<_> = known.await?.into_iter().zip(&catalog.directory.organisations).collect();
        for (_, seed) in lacking.into_iter().filter(|(version, _)| *version == 0) {
            let registered = OrganisationRegistered {
                code: seed.code.to_string(),
                name: seed.name.clone(),
                region: seed.region,
                short: seed.short_code.clone(),
                abbr: seed.abbr.clone(),
                parent: seed.parent.as_ref().map(ToString::to_string),
                valid_from: since(),
            };
            self.direct(DirectoryCommand::Register(registered)).await?;
        }
        Ok(())
    }

    /// A command on the directory by the node itself.
    pub async fn direct(&self, command: DirectoryCommand) -> Result<()> {
        let submission = Submission {
            command: Command::Directory(command),
            actor: system(JOB),
            facts: self.facts(),
            key: None,
            entered_at: None,
        };
        self.store().submit(submission).await?;
        Ok(())
    }
}
