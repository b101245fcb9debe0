//! Configuration: defaults, then a TOML file, then the command line. An unknown key refuses to start.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Args;
use journal::Id;
use serde::Deserialize;

/// Where a node keeps its things and what it works with: every command that works on a node takes these.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct NodeArgs {
    /// Data directory: database, files, keys' public part.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// PostgreSQL instead of the file in the data directory, e.g. postgres://jiantong@localhost/jiantong
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,
    /// Catalog packages that add to or override the built-in ones.
    #[arg(long, value_name = "DIR")]
    pub(crate) catalog: Option<PathBuf>,
    /// Configuration file (TOML).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Run on one PostgreSQL without a synchronous standby: a lost server is lost data.
    #[arg(long)]
    pub(crate) accept_data_loss: bool,
    /// Folder with the fonts that paper is printed with (cargo xtask setup makes it).
    #[arg(long, value_name = "DIR")]
    pub(crate) fonts: Option<PathBuf>,
    /// File with the node's secret keys; kept outside the data directory, readable by its owner only.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
}

/// How a node is reached.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ListenArgs {
    /// Address to listen on.
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// A TLS proxy stands in front; cookies are marked secure.
    #[arg(long)]
    pub(crate) behind_proxy: bool,
    /// The address people use, for links in papers and QR codes, e.g. https://js.example.gov.cn
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
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
    mail: Option<MailConfig>,
    sms: Option<SmsConfig>,
    messages: MessageConfig,
}

/// A mail server that takes our mail over.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct MailConfig {
    /// `smtps://host:465`, or `smtp://host:587` with STARTTLS; plain only to this machine itself.
    pub(crate) url: String,
    /// The sender, `Name <address>` or an address.
    pub(crate) from: String,
    /// Who signs in there, if anybody has to.
    pub(crate) user: Option<String>,
    /// File with the password, readable by its owner only.
    pub(crate) password_file: Option<PathBuf>,
}

/// An SMS gateway that speaks the interface of docs/messages.md.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct SmsConfig {
    /// `https://…`; `http://` only to this machine itself.
    pub(crate) url: String,
    /// File with the key that signs requests, readable by its owner only.
    pub(crate) key_file: PathBuf,
}

/// How often and how long it is tried to send a message.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct MessageConfig {
    /// Tries before it is given up.
    pub(crate) tries: u32,
    /// The first wait; it doubles each time.
    pub(crate) first_wait_seconds: u32,
    /// The longest wait.
    pub(crate) longest_wait_seconds: u32,
    /// The longest that one message may take.
    pub(crate) timeout_seconds: u32,
}

impl Default for MessageConfig {
    /// About a day and a half in all: a mail server is away over night and not for ever (RFC 5321 §4.5.4.1 asks for patience of days, but what
    /// is told of a statutory limit is of no use after it).
    fn default() -> Self {
        Self { tries: 40, first_wait_seconds: 30, longest_wait_seconds: 3600, timeout_seconds: 20 }
    }
}

impl MessageConfig {
    fn check(self) -> anyhow::Result<Self> {
        ensure!((1..=1000).contains(&self.tries), "messages.tries must be 1 to 1000");
        ensure!((1..=120).contains(&self.timeout_seconds), "messages.timeout-seconds must be 1 to 120");
        let waits = 1..=7 * 24 * 3600;
        ensure!(
            waits.contains(&self.first_wait_seconds) && waits.contains(&self.longest_wait_seconds),
            "messages.first-wait-seconds and longest-wait-seconds must be 1 second to 7 days"
        );
        Ok(self)
    }
}

/// Everything settled.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Data directory.
    pub(crate) data: PathBuf,
    /// PostgreSQL URL, if not SQLite.
    pub(crate) database: Option<String>,
    /// Catalog folder that overlays the built-in one.
    pub(crate) catalog: Option<PathBuf>,
    /// See [`NodeArgs::accept_data_loss`].
    pub(crate) accept_data_loss: bool,
    /// Fonts of paper.
    pub(crate) fonts: Option<PathBuf>,
    /// Secret keys.
    pub(crate) key_file: PathBuf,
    /// Listening address.
    pub(crate) listen: SocketAddr,
    /// TLS is ended by a proxy.
    pub(crate) behind_proxy: bool,
    /// Address people use; none = the listening one.
    pub(crate) public_url: Option<String>,
    /// Host names answered besides the public address's own.
    pub(crate) hosts: Vec<String>,
    /// This node, as its entries name it; none = the one of the data directory.
    pub(crate) node: Option<Id>,
    /// Mail server; none = no e-mail.
    pub(crate) mail: Option<MailConfig>,
    /// SMS gateway; none = no SMS.
    pub(crate) sms: Option<SmsConfig>,
    /// How messages are tried.
    pub(crate) messages: MessageConfig,
}

/// Environment variable that names the folder with the fonts where neither command line nor file does.
const FONTS: &str = "JIANTONG_FONTS";

impl Config {
    /// Settles defaults, file and command line.
    pub(crate) fn settle(node: &NodeArgs, listen: &ListenArgs, default_data: &str) -> anyhow::Result<Self> {
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
        let public_url = listen.public_url.clone().or(file.public_url);
        let public_url = public_url.map(|url| url.trim_end_matches('/').to_owned());
        if let Some(url) = &public_url {
            let scheme = ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme));
            ensure!(scheme, "public-url {url:?} must begin with http:// or https://");
        }
        // Links, host names and secure cookies follow the address people use; a proxy's own cannot be guessed.
        ensure!(
            !behind_proxy || public_url.as_ref().is_some_and(|url| url.starts_with("https://")),
            "--behind-proxy needs --public-url with the https:// address that people use"
        );
        let key_file = node.key_file.clone().or(file.key_file).unwrap_or_else(|| beside(&data, "keys"));
        Ok(Self {
            database: node.database.clone().or(file.database),
            catalog: node.catalog.clone().or(file.catalog),
            accept_data_loss: node.accept_data_loss || file.accept_data_loss,
            fonts: node.fonts.clone().or(file.fonts).or_else(|| std::env::var_os(FONTS).map(PathBuf::from)),
            public_url,
            hosts: file.hosts,
            mail: file.mail,
            sms: file.sms,
            messages: file.messages.check()?,
            node: file.node.map(|text| text.parse().with_context(|| format!("node = {text:?}"))).transpose()?,
            data,
            key_file,
            listen: address,
            behind_proxy,
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
    toml::from_str(&text).map_err(|error| anyhow::anyhow!("configuration {}: {}", path.display(), error.message()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_an_open_address_without_a_proxy() {
        let listen = ListenArgs { listen: Some("0.0.0.0:8080".parse().unwrap()), ..ListenArgs::default() };
        let error = Config::settle(&NodeArgs::default(), &listen, "data").unwrap_err();
        assert!(error.to_string().contains("--behind-proxy"), "{error}");
        for (public_url, accepted) in
            [(None, false), (Some("http://js.example.gov.cn"), false), (Some("https://js.example.gov.cn/"), true)]
        {
            let public_url = public_url.map(str::to_owned);
            let listen = ListenArgs { behind_proxy: true, public_url, ..listen.clone() };
            match Config::settle(&NodeArgs::default(), &listen, "data") {
                Ok(_) => assert!(accepted, "{listen:?}"),
                Err(error) => assert!(!accepted && error.to_string().contains("--public-url"), "{error}"),
            }
        }
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
