//! What a node does by itself while it serves. Each job is safe to repeat and to run on several processes over one database: the kernel
//! refuses what is done already.

use std::sync::Arc;
use std::time::Duration;

use kernel::directory::AccountKind;
use service::App;
use service::messages::Courier;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// Sign-in failures are forgotten after a day.
const BUDGETS_KEPT: Duration = days(1);
/// A repeated request gets its first answer for a month (security.md §2 rule 3).
const REPLIES_KEPT: Duration = days(30);
/// An application that nobody went on with is forgotten after a month, as its page says.
const DRAFTS_KEPT: Duration = days(30);

/// Papers claimed in one go.
const PAPERS: u32 = 8;

/// Steps of counting deadlines again in one turn: whoever stops the node does not wait for all of them.
const RECOUNT_STEPS: u32 = 5;

/// Who holds a claimed job: this process.
fn lease() -> String {
    format!("process-{}", std::process::id())
}

const fn days(n: u64) -> Duration {
    Duration::from_secs(n * 24 * 60 * 60)
}

/// The jobs.
#[derive(Clone)]
enum Job {
    /// Carries out timers of the law and of processes.
    Timers,
    /// Prints the papers that decisions asked for.
    Papers,
    /// Sends the messages of one medium: a server that does not answer keeps the other medium not waiting.
    Messages(Arc<Courier>),
    /// Counts open deadlines again after a year's notice was loaded.
    Calendar,
    /// Sends the reminders that are owed.
    Reminders,
    /// Signs the journal's head, so that receipts can be given (security.md §5: at least every 60 s).
    Checkpoint,
    /// Forgets what is kept for a while only.
    Tidying,
}

impl Job {
    /// Those that every node has.
    const ALWAYS: [Self; 6] =
        [Self::Timers, Self::Papers, Self::Calendar, Self::Reminders, Self::Checkpoint, Self::Tidying];

    fn name(&self) -> &'static str {
        match self {
            Self::Timers => "timers",
            Self::Papers => "papers",
            Self::Messages(courier) => courier.medium().as_str(),
            Self::Calendar => "calendar",
            Self::Reminders => "reminders",
            Self::Checkpoint => "checkpoint",
            Self::Tidying => "tidying",
        }
    }

    fn period(&self) -> Duration {
        Duration::from_secs(match self {
            Self::Timers | Self::Papers | Self::Messages(_) => 1,
            Self::Calendar => 2,
            Self::Reminders => 60,
            Self::Checkpoint => 45,
            Self::Tidying => 3600,
        })
    }

    async fn run(&self, app: &App, stop: &watch::Receiver<bool>) -> anyhow::Result<()> {
        match self {
            Self::Timers => Ok(app.run_timers().await.map(|_| ())?),
            Self::Papers => Ok(app.run_renders(&lease(), PAPERS).await.map(|_| ())?),
            Self::Messages(courier) => {
                // A full turn that went through is followed by the next one at once.
                let full = service::messages::AT_ONCE as usize;
                while app.run_messages(courier, &lease(), || !*stop.borrow()).await? == full {}
                Ok(())
            }
            Self::Calendar => Ok(app.recount(RECOUNT_STEPS).await.map(|_| ())?),
            Self::Reminders => Ok(app.send_reminders().await.map(|_| ())?),
            Self::Checkpoint => sign_checkpoint(app).await,
            Self::Tidying => forget(app).await,
        }
    }
}

/// Starts all jobs; they end when the channel says so, each after what it is doing.
pub(crate) fn start(app: &App, couriers: Vec<Courier>, stop: &watch::Receiver<bool>) -> JoinSet<()> {
    let messages = couriers.into_iter().map(|courier| Job::Messages(Arc::new(courier)));
    Job::ALWAYS.into_iter().chain(messages).map(|job| repeat(job, app.clone(), stop.clone())).collect()
}

/// Does a job again and again. A failure is logged and tried at the next turn.
async fn repeat(job: Job, app: App, mut stop: watch::Receiver<bool>) {
    let mut turns = interval(job.period());
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = turns.tick() => {}
            // An error means that the sender is gone, and with it the server.
            _ = stop.wait_for(|stop| *stop) => return,
        }
        if let Err(error) = job.run(&app, &stop).await {
            tracing::warn!(job = job.name(), cause = format!("{error:#}"), "A job failed and is tried again");
        }
    }
}

/// Signs the journal as it stands, if anything came since the last time.
pub(crate) async fn sign_checkpoint(app: &App) -> anyhow::Result<()> {
    if let Some(signed) = app.store().sign_checkpoint(app.now().as_microsecond()).await? {
        tracing::debug!(size = signed.size, "Checkpoint signed");
    }
    Ok(())
}

async fn forget(app: &App) -> anyhow::Result<()> {
    let now = app.now().as_microsecond();
    let before = |kept: Duration| now - i64::try_from(kept.as_micros()).unwrap_or(now);
    let (budgets, replies, drafts) = (before(BUDGETS_KEPT), before(REPLIES_KEPT), before(DRAFTS_KEPT));
    // Applicants may pause the longest.
    let idle = i64::try_from(service::session::rules(AccountKind::Applicant).idle.as_micros()).unwrap_or(i64::MAX);
    let ended = app.store().write(move |writes| {
        let forgotten = writes.forget(budgets, replies, drafts)?;
        Ok(forgotten + writes.end_expired_sessions(now, now - idle)?)
    });
    let ended = ended.await?;
    tracing::debug!(rows = ended, "Forgot what is kept for a while only");
    Ok(())
}
