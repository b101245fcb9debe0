//! Configuration: defaults, then a TOML file, then the command line. An unknown key refuses to start.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Args;
use serde::Deserialize;

/// Where a node keeps its things and what it works with: every command that works on a node takes these.
#[derive(Args, Clone, Debug, Default)]
pub struct NodeArgs {
    /// Data directory: database, files, keys' public part.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// PostgreSQL instead of the file in the data directory, e.g. postgres://jiantong@localhost/jiantong
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Catalog packages that add to or override the built-in ones.
    #[arg(long, value_name = "DIR")]
    pub catalog: Option<PathBuf>,
    /// Configuration file (TOML).
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Run on one PostgreSQL without a synchronous standby: a lost server is lost data.
    #[arg(long)]
    pub accept_data_loss: bool,
    /// Folder with the fonts that paper is printed with (cargo xtask setup makes it).
    #[arg(long, value_name = "DIR")]
    pub fonts: Option<PathBuf>,
    /// File with the node's secret keys; kept outside the data directory, readable by its owner only.
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
}

/// How a node is reached.
#[derive(Args, Clone, Debug, Default)]
pub struct ListenArgs {
    /// Address to listen on.
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// A TLS proxy stands in front; cookies are marked secure.
    #[arg(long)]
    pub behind_proxy: bool,
    /// The address people use, for links in papers and QR codes, e.g. https://js.example.gov.cn
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
}

/// The configuration file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct File {
    data: Option<PathBuf>,
    database: Option<String>,
    catalog: Option<PathBuf>,
    accept_data_loss: bool,
    fonts: Option<PathBuf>,
    key_file: Option<PathBuf>,
    listen: Option<SocketAddr>,
    behind_proxy: bool,
    public_url: Option<String>,
    hosts: Vec<String>,
    node: Option<String>,
    idle_minutes: Option<u16>,
}

/// Everything settled.
#[derive(Clone, Debug)]
pub struct Config {
    /// Data directory.
    pub data: PathBuf,
    /// PostgreSQL URL, if not SQLite.
    pub database: Option<String>,
    /// Catalog folder that overlays the built-in one.
    pub catalog: Option<PathBuf>,
    /// See [`NodeArgs::accept_data_loss`].
    pub accept_data_loss: bool,
    /// Fonts.
    pub fonts: PathBuf,
    /// Secret keys.
    pub key_file: PathBuf,
    /// Listening address.
    pub listen: SocketAddr,
    /// TLS is ended by a proxy.
    pub behind_proxy: bool,
    /// Address people use.
    pub public_url: String,
    /// Host names answered besides the public address's own.
    pub hosts: Vec<String>,
    /// Name of the node in its journal.
    pub node: String,
    /// Minutes without a request after which a session ends.
    pub idle_minutes: u16,
}

/// Idle sessions end after this many minutes (GB/T 22239 level 3 practice); at most 30.
const IDLE_MINUTES: u16 = 15;

impl Config {
    /// Settles defaults, file and command line.
    pub fn settle(node: &NodeArgs, listen: &ListenArgs, default_data: &str) -> anyhow::Result<Self> {
        let file = match &node.config {
            Some(path) => read(path)?,
            None => File::default(),
        };
        let data = node.data.clone().or(file.data).unwrap_or_else(|| PathBuf::from(default_data));
        let address = listen.listen.or(file.listen).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
        let behind_proxy = listen.behind_proxy || file.behind_proxy;
        ensure!(
            address.ip().is_loopback() || behind_proxy,
            "{address} is not a loopback address: put a TLS proxy in front and say --behind-proxy"
        );
        let idle_minutes = file.idle_minutes.unwrap_or(IDLE_MINUTES);
        ensure!((1..=30).contains(&idle_minutes), "idle-minutes is {idle_minutes}, but must lie between 1 and 30");
        let key_file = node.key_file.clone().or(file.key_file).unwrap_or_else(|| beside(&data, "keys"));
        Ok(Self {
            database: node.database.clone().or(file.database),
            catalog: node.catalog.clone().or(file.catalog),
            accept_data_loss: node.accept_data_loss || file.accept_data_loss,
            fonts: node.fonts.clone().or(file.fonts).unwrap_or_else(|| PathBuf::from("target/fonts")),
            public_url: listen.public_url.clone().or(file.public_url).unwrap_or_else(|| format!("http://{address}")),
            hosts: file.hosts,
            node: file.node.unwrap_or_else(|| "node".to_owned()),
            data,
            key_file,
            listen: address,
            behind_proxy,
            idle_minutes,
        })
    }
}

/// `<data>.keys`: a backup of the data directory does not carry the keys along.
fn beside(data: &Path, extension: &str) -> PathBuf {
    let mut name = data.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(extension);
    data.with_file_name(name)
}

fn read(path: &Path) -> anyhow::Result<File> {
    let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("configuration {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_an_open_address_without_a_proxy() {
        let listen = ListenArgs { listen: Some("0.0.0.0:8080".parse().unwrap()), ..ListenArgs::default() };
        let error = Config::settle(&NodeArgs::default(), &listen, "data").unwrap_err();
        assert!(error.to_string().contains("--behind-proxy"), "{error}");
        let listen = ListenArgs { behind_proxy: true, ..listen };
        assert!(Config::settle(&NodeArgs::default(), &listen, "data").is_ok());
    }

    #[test]
    fn refuses_an_unknown_key() {
        let error = toml::from_str::<File>("lisen = \"127.0.0.1:1\"").unwrap_err();
        assert!(error.to_string().contains("lisen"), "{error}");
    }

    #[test]
    fn keeps_keys_outside_the_data_directory() {
        let config = Config::settle(&NodeArgs::default(), &ListenArgs::default(), "var/province").unwrap();
        assert_eq!(config.key_file, Path::new("var/province.keys"));
    }
}
