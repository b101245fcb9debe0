//! From a configuration to a working application: store, catalog, printer. What `serve`, `demo` and the commands on a node share.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, ensure};
use journal::Id;
use service::{App, Clock, EntropySource, Settings};
use store::{Options, Store};

use crate::carriers;
use crate::clock::SystemEntropy;
use crate::command::catalog;
use crate::config::Config;

/// File of the data directory that holds the node's id.
const NODE_FILE: &str = "node";

/// Opens the store of a node, making it when there is none. Blocks.
pub(crate) fn open_store(config: &Config) -> anyhow::Result<Store> {
    Ok(Store::open(options(config, true)?)?)
}

/// How the configuration's store is opened. With `make` a new data directory gets its id; without, a missing one is an error.
pub(crate) fn options(config: &Config, make: bool) -> anyhow::Result<Options> {
    let node = node_id(config, make)?;
    let mut options = Options::new(&config.data, &config.key_file, node);
    options.database.clone_from(&config.database);
    options.accept_data_loss = config.accept_data_loss;
    Ok(options)
}

/// The node's id: configured, or the one of the data directory, or a new one that the data directory keeps.
fn node_id(config: &Config, make: bool) -> anyhow::Result<Id> {
    if let Some(node) = config.node {
        return Ok(node);
    }
    let path = config.data.join(NODE_FILE);
    match fs::read_to_string(&path) {
        Ok(text) => text.trim().parse().with_context(|| format!("{} does not hold a node's id", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            ensure!(make, "{} holds no node: start `jiantong serve` on it first", config.data.display());
            let node = Id(*uuid::Builder::from_random_bytes(random()).into_uuid().as_bytes());
            fs::create_dir_all(&config.data).with_context(|| config.data.display().to_string())?;
            write_new(&path, &format!("{node}\n"))?;
            Ok(node)
        }
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

fn random() -> [u8; 16] {
    let seed = SystemEntropy.seed();
    std::array::from_fn(|n| seed[n])
}

/// Writes a small file so that it is there after a power cut.
fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let file = fs::File::create_new(path).with_context(|| path.display().to_string());
    let mut file = file?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(())
}

/// The application over a store: the catalog is adopted, its organisations are registered.
pub(crate) async fn app(
    config: &Config,
    store: Store,
    public_url: String,
    demo: bool,
    clock: Arc<dyn Clock>,
    entropy: Box<dyn EntropySource>,
) -> anyhow::Result<App> {
    let files = catalog::files(config.catalog.as_deref())?;
    let catalog = catalog::parse(&files)?;
    let printer = match &config.fonts {
        Some(folder) => Some(print::Printer::new(print::Fonts::load(folder)?)),
        None => {
            tracing::warn!("No fonts folder is set (--fonts): paper cannot be printed");
            None
        }
    };
    let region = catalog.directory.own().map(|organisation| organisation.region).min();
    let region = region.context("the catalog has no organisation")?;
    let known = store.read(|reader| reader.has_credentials()).await?;
    let setup_code = (!demo && !known).then(|| setup_code(&entropy.seed()));
    let (pepper, media) = (store.pepper(), carriers::media(config));
    let settings = Settings { public_url, demo, region, setup_code, pepper, media };
    let app = App::new(store, Arc::new(catalog), clock, entropy, printer, settings);
    let kept = files.iter().map(|(path, bytes)| (path.to_owned(), bytes.to_vec()));
    app.adopt_catalog(kept.collect()).await?;
    app.seed_organisations().await?;
    Ok(app)
}

/// Ten characters that are not taken for each other: fifty bits.
fn setup_code(seed: &[u8; 32]) -> String {
    const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let letters = seed.iter().take(10).filter_map(|byte| LETTERS.get(usize::from(byte % 32)));
    let code: String = letters.map(|letter| char::from(*letter)).collect();
    format!("{}-{}", &code[..5], &code[5..])
}

/// A runtime for a command.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().build().context("no threads")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ListenArgs, NodeArgs};

    fn config(data: &Path) -> Config {
        let node = NodeArgs { data: Some(data.to_owned()), ..NodeArgs::default() };
        Config::settle(&node, &ListenArgs::default(), "data").unwrap()
    }

    #[test]
    fn a_data_directory_keeps_its_node() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(&folder.path().join("data"));
        let missing = options(&config, false).unwrap_err();
        assert!(missing.to_string().contains("holds no node"), "{missing}");
        let first = options(&config, true).unwrap().node;
        assert_eq!(options(&config, true).unwrap().node, first);
        assert_eq!(options(&config, false).unwrap().node, first);
        fs::write(config.data.join(NODE_FILE), "x").unwrap();
        assert!(options(&config, true).is_err());
    }
}
