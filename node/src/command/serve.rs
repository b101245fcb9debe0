//! `jiantong serve`: a node for its users.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use crate::clock::{SystemClock, SystemEntropy};
use crate::config::{Config, ListenArgs, NodeArgs};
use crate::logs::{self, LogForm};
use crate::{serve, start};

/// Data directory without a word about it.
pub(crate) const DATA: &str = "jiantong-data";

const EXAMPLES: &str = "\
Examples:
  jiantong serve --data /srv/jiantong --fonts /srv/fonts
  jiantong serve --config /etc/jiantong.toml --behind-proxy --public-url https://js.example.gov.cn
  jiantong serve --database postgres://jiantong@db1/jiantong";

/// Serve pages and interface, and do what is due.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    node: NodeArgs,
    #[command(flatten)]
    listen: ListenArgs,
    /// How log lines look; without it, text on a terminal and JSON elsewhere
    #[arg(long, value_enum, value_name = "FORM")]
    log: Option<LogForm>,
}

/// Runs until told to stop.
pub(crate) fn run(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    let config = Config::settle(&args.node, &args.listen, DATA)?;
    logs::start(args.log, "info")?;
    let (listener, address) = serve::bind(&config)?;
    let public_url = config.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    let store = start::open_store(&config)?;
    start::runtime()?.block_on(async {
        let (clock, entropy) = (Arc::new(SystemClock), Box::new(SystemEntropy));
        let app = start::app(&config, store, public_url.clone(), false, clock, entropy).await?;
        if let Some(code) = &app.settings().setup_code {
            let words = web::words::Words::default();
            writeln!(std::io::stdout(), "{}", words.t2("setup-console", "code", code, "address", &public_url))?;
        }
        tracing::info!(url = %public_url, node = %app.store().node(), "Serving on {public_url}");
        serve::run(app, &config, listener).await
    })?;
    Ok(ExitCode::SUCCESS)
}
