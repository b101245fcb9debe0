//! `jiantong demo`: a province to look at, made by the real engine, then served.

use std::fs;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use service::pages::sign_in::{DEMO_PASSWORD, demo_accounts};
use service::{App, Clock};
use web::words::Words;

use crate::clock::{SystemClock, SystemEntropy};
use crate::config::{Config, ListenArgs, NodeArgs};
use crate::demo::{self, DemoClock, DemoEntropy};
use crate::logs::{self, LogForm};
use crate::{serve, start};

/// Data directory without a word about it.
const DATA: &str = "jiantong-demo";
/// File of the data directory that says that it holds a whole demonstration.
const READY: &str = "demo";

const EXAMPLES: &str = "\
Examples:
  jiantong demo
  jiantong demo --scale 0.02 --listen 127.0.0.1:8080 --data demo";

/// Build a demonstration province through the real engine, then serve it
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DemoArgs {
    #[command(flatten)]
    node: NodeArgs,
    #[command(flatten)]
    listen: ListenArgs,
    /// Share of a province's business in a quarter: 1 is twelve thousand cases
    #[arg(long, value_name = "F", default_value_t = 0.02)]
    scale: f64,
    /// How log lines look; without it, text on a terminal and JSON elsewhere
    #[arg(long, value_enum, value_name = "FORM")]
    log: Option<LogForm>,
}

/// Builds, says where it is, and serves until told to stop.
pub(crate) fn run(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    ensure!((0.001..=1.0).contains(&args.scale), "--scale {} must lie between 0.001 and 1", args.scale);
    let config = Config::settle(&args.node, &args.listen, DATA)?;
    logs::start(args.log, "warn")?;
    let (listener, address) = serve::bind(&config)?;
    let public_url = config.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    let ready = config.data.join(READY);
    let inhabited = config.data.read_dir().is_ok_and(|mut files| files.next().is_some());
    let built = ready.is_file();
    ensure!(
        built || !inhabited,
        "{} holds something that is not a whole demonstration: name another folder with --data, or remove this one",
        config.data.display()
    );
    let store = start::open_store(&config)?;
    start::runtime()?.block_on(async {
        let system = Arc::new(SystemClock);
        let now = system.now();
        let clock = Arc::new(DemoClock::new(system, demo::begin(now, args.scale)?));
        let entropy = DemoEntropy::new(Box::new(SystemEntropy), demo::SEED);
        if built {
            clock.release();
            entropy.release();
        }
        let app =
            start::app(&config, store, public_url.clone(), true, clock.clone(), Box::new(entropy.clone())).await?;
        if !built {
            let (bar, began, mut acts) = (progress_bar(), Instant::now(), 0);
            let mut show = |done, all| {
                acts = done;
                bar.set_length(all);
                bar.set_position(done);
            };
            demo::build(&app, &clock, now, args.scale, &mut show).await?;
            bar.finish_and_clear();
            let seconds = began.elapsed().as_secs_f64();
            #[expect(clippy::cast_precision_loss, reason = "acts of a demonstration are far fewer than 2^52")]
            let per_second = acts as f64 / seconds;
            tracing::info!(acts, seconds = %format!("{seconds:.1}"), per_second = %format!("{per_second:.0}"), "The demonstration is built");
            clock.release();
            entropy.release();
            fs::write(&ready, "").with_context(|| ready.display().to_string())?;
        }
        welcome(&app, &public_url).await?;
        serve::run(app, &config, listener).await
    })?;
    Ok(ExitCode::SUCCESS)
}

fn progress_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {elapsed}");
    let bar = ProgressBar::new(0).with_message("building the demonstration");
    style.map_or(bar.clone(), |style| bar.with_style(style))
}

/// Where it is and who may sign in.
async fn welcome(app: &App, public_url: &str) -> anyhow::Result<()> {
    let words = Words::default();
    let accounts = demo_accounts(app, words).await?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", words.t1("demo-console-open", "address", public_url))?;
    writeln!(out, "{}", words.t1("demo-accounts-hint", "password", DEMO_PASSWORD))?;
    for account in accounts {
        writeln!(out, "  {:<13} {}  {}", account.login, account.name, account.post)?;
    }
    writeln!(out, "{}", words.t("demo-console-stop"))?;
    out.flush()?;
    Ok(())
}
