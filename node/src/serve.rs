//! Serving: routes behind the guard, jobs, and a stop that finishes what runs and signs the journal's head.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::{Value, json};
use service::App;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Mutex, watch};
use web::guard::{Client, GuardConfig, Limits, guarded};
use web::server::ServeConfig;
use web::words::Words;

use crate::carriers;
use crate::config::Config;
use crate::jobs;

/// Takes the address, so that nobody else does while the node prepares, and so that a free port gets its number.
pub(crate) fn bind(config: &Config) -> anyhow::Result<(TcpListener, SocketAddr)> {
    web::assets::ready()?;
    let listener = TcpListener::bind(config.listen).with_context(|| format!("listen on {}", config.listen))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Serves until the process is told to stop.
pub(crate) async fn run(app: App, config: &Config, listener: TcpListener) -> anyhow::Result<()> {
    let couriers = carriers::couriers(config)?;
    if config.database.is_none() {
        // Nobody else works on this store: whatever is leased was leased by a process that is no more.
        app.store().write(|writes| writes.end_leases()).await?;
    }
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let (stopping, stop) = watch::channel(false);
    let mut running = jobs::start(&app, couriers, &stop);
    let router = router(&app, config);
    let serve = ServeConfig { limits: Limits::default(), behind_proxy: config.behind_proxy };
    let told = told_to_stop()?;
    web::server::serve(listener, router, serve, told).await.context("accepting connections")?;
    tracing::info!("Stopping");
    stopping.send_replace(true);
    while running.join_next().await.is_some() {}
    jobs::sign_checkpoint(&app).await?;
    app.store().stop();
    Ok(())
}

/// Everything this node answers.
fn router(app: &App, config: &Config) -> Router {
    let mut routes = service::routes().into_router().merge(web::assets::routes()).route("/health", get(health));
    routes = routes.layer(Extension(Health::default()));
    if app.settings().demo {
        routes = routes.merge(web::gallery::routes());
    }
    let started = Instant::now();
    let words = Words::default();
    let guard = GuardConfig {
        hosts: hosts(config, &app.settings().public_url),
        tls: app.settings().public_url.starts_with("https://"),
        behind_proxy: config.behind_proxy,
        site: service::session::site(words),
        clock: Arc::new(move || started.elapsed()),
        limits: Limits::default(),
    };
    guarded(routes.with_state(app.clone()), guard)
}

/// The names under which the node answers: none, which means loopback, or the public address's and the configured ones.
fn hosts(config: &Config, public_url: &str) -> Vec<String> {
    let public = public_url.split_once("://").map_or(public_url, |(_, rest)| rest);
    let public = public.split(['/', ':']).next().unwrap_or_default();
    if config.listen.ip().is_loopback() && ["127.0.0.1", "localhost", ""].contains(&public) && config.hosts.is_empty() {
        return Vec::new();
    }
    // Health checks of the machine itself come by its loopback name.
    config.hosts.iter().cloned().chain([public.to_owned(), "127.0.0.1".to_owned(), "localhost".to_owned()]).collect()
}

/// How long an answer of `/health` is given again: whoever asks often asks the store no oftener.
const HEALTH_KEPT: Duration = Duration::from_secs(5);

/// What `/health` found last.
#[derive(Clone, Default)]
struct Health(Arc<Mutex<Option<(Instant, StatusCode, Value)>>>);

/// `GET /health`: 200 when reads and writes of the store answer, else 503. Only the machine itself is told more than that.
async fn health(
    State(app): State<App>,
    Extension(health): Extension<Health>,
    client: Option<Extension<Client>>,
) -> (StatusCode, Json<Value>) {
    // One check at a time: who comes meanwhile gets its answer.
    let mut last = health.0.lock().await;
    let kept = last.as_ref().filter(|(at, ..)| at.elapsed() < HEALTH_KEPT);
    let (status, found) = match kept {
        Some((_, status, found)) => (*status, found.clone()),
        None => {
            let (status, found) = check(&app).await;
            *last = Some((Instant::now(), status, found.clone()));
            (status, found)
        }
    };
    let here = client.is_some_and(|Extension(client)| client.0.is_loopback());
    (status, Json(if here { found } else { json!({ "status": found["status"] }) }))
}

async fn check(app: &App) -> (StatusCode, Value) {
    let store = app.store();
    let head = store.read(|reader| reader.tree_head()).await;
    let written = store.write(|_| Ok(())).await;
    let stats = store.stats();
    let outbox = store.read(|reader| reader.outbox_age()).await.unwrap_or_default();
    let oldest_seconds = outbox.oldest_at.map(|at| (app.now().as_microsecond() - at).max(0) / 1_000_000);
    let (status, word) = match (&head, &written) {
        (Ok(_), Ok(())) => (StatusCode::OK, "ok"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "failing"),
    };
    let found = json!({
        "status": word,
        "version": env!("CARGO_PKG_VERSION"),
        "catalog": app.catalog().version(),
        "journal": head.ok().map(|head| head.size),
        "writer": { "commands": stats.commands, "commits": stats.commits },
        "paper": app.printer().is_some(),
        "outbox": { "waiting": outbox.waiting, "oldest_seconds": oldest_seconds, "given_up": outbox.dead },
    });
    (status, found)
}

/// Ready when the process gets SIGTERM or SIGINT.
fn told_to_stop() -> anyhow::Result<impl Future<Output = ()> + Send> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
