//! Serves the component gallery on loopback: `cargo run -p jiantong-web --example gallery -- 8711`.

use std::sync::Arc;
use std::time::Instant;

use tokio::net::TcpListener;
use web::guard::{GuardConfig, Limits, guarded};
use web::server::{ServeConfig, serve};
use web::words::Words;
use web::{assets, gallery};

extern crate jiantong_web as web;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();
    assets::ready()?;
    let port: u16 = std::env::args().nth(1).as_deref().unwrap_or("8711").parse()?;
    let start = Instant::now();
    let config = GuardConfig {
        hosts: Vec::new(),
        tls: false,
        behind_proxy: false,
        site: gallery::site(Words::default()),
        clock: Arc::new(move || start.elapsed()),
        limits: Limits::default(),
    };
    let router = guarded(gallery::routes().merge(assets::routes()), config);
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    tracing::info!("http://{}/_ui", listener.local_addr()?);
    let stop = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    serve(listener, router, ServeConfig::default(), stop).await?;
    Ok(())
}
