//! Accepting connections: HTTP/1.1 with limits on heads, connections and time, and a stop that lets running requests finish.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep, timeout};
use tower::ServiceExt as _;

use crate::guard::{Limits, Peer, Seats};

/// How long running requests get after a stop was asked for.
const STOP_TIME_MAX: Duration = Duration::from_secs(20);
/// How long nothing is accepted after a failure.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Largest head looked at before it is judged: longer addresses than allowed must still be told so (414), longer heads not (431).
const HEAD_BYTES_MAX: usize = 64 << 10;

/// How a listener is served.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServeConfig {
    /// Limits of heads and connections.
    pub limits: Limits,
    /// A proxy stands in front: all connections come from its address, so none is counted against one.
    pub behind_proxy: bool,
}

/// Serves until `stop` is ready, then finishes what runs.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    config: ServeConfig,
    stop: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let (stopping, stopped) = watch::channel(false);
    let open = Seats::default();
    let mut failures = AcceptFailures::default();
    let mut stop = std::pin::pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                // A connection that broke while waiting, or no file descriptors left: the listener itself still works.
                Err(error) => {
                    failures.pause(&error).await;
                    continue;
                }
            },
        };
        let own_max = if config.behind_proxy { usize::MAX } else { config.limits.connections_per_address_max };
        let seat = open.take(peer.ip(), own_max, config.limits.connections_max);
        let router = router.clone();
        let mut stopped = stopped.clone();
        tokio::spawn(async move {
            let Some(_seat) = seat else {
                refuse(stream, "503 Service Unavailable").await;
                return;
            };
            let _ = stream.set_nodelay(true);
            connection(stream, peer, router, &config.limits, &mut stopped).await;
        });
    }
    drop(listener);
    let _ = stopping.send(true);
    drop(stopped);
    // Every connection holds a receiver; the channel closes with the last of them.
    let _ = timeout(STOP_TIME_MAX, stopping.closed()).await;
    Ok(())
}

/// Failures to accept: without file descriptors the listener fails again at once, so it waits a little and says so once a second.
#[derive(Default)]
struct AcceptFailures {
    count: u64,
    said_at: Option<Instant>,
}

impl AcceptFailures {
    async fn pause(&mut self, error: &io::Error) {
        self.count += 1;
        if self.said_at.is_none_or(|at| at.elapsed() >= Duration::from_secs(1)) {
            tracing::warn!(%error, count = self.count, "Connections could not be accepted");
            *self = AcceptFailures { count: 0, said_at: Some(Instant::now()) };
        }
        sleep(ACCEPT_PAUSE).await;
    }
}

/// Serves one connection; the caller may have wrapped it in TLS.
pub async fn connection<Io>(
    mut io: Io,
    peer: SocketAddr,
    router: Router,
    limits: &Limits,
    stopped: &mut watch::Receiver<bool>,
) where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let head = tokio::select! {
        head = first_head(&mut io, limits) => head,
        () = stop_asked(stopped) => return,
    };
    let head = match head {
        Ok(Some(head)) => head,
        Ok(None) => return,
        Err(status) => return refuse(io, status).await,
    };
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        router.clone().oneshot(request)
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_time_max)
        .max_headers(limits.headers_max)
        .max_buf_size(HEAD_BYTES_MAX)
        .half_close(false);
    let mut serving =
        std::pin::pin!(builder.serve_connection(
            TokioIo::new(Rewound { head, io, pause_max: limits.read_pause_max, pause: None }),
            service
        ));
    let result = tokio::select! {
        result = serving.as_mut() => result,
        () = stop_asked(stopped) => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "A connection ended early");
    }
}

async fn stop_asked(stopped: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone, and so is the server.
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// Reads the first head of a connection and refuses what is ambiguous about its length. hyper would accept two equal
/// `Content-Length` lines, and drop the length beside `Transfer-Encoding`; a proxy in front might choose otherwise, and the rest of
/// the request would be read as another one. Later heads of the connection are safe: hyper closes it after such a request.
async fn first_head(io: &mut (impl AsyncRead + Unpin), limits: &Limits) -> Result<Option<Bytes>, &'static str> {
    let mut head = Vec::with_capacity(2048);
    let reading = async {
        loop {
            if let Some(end) = head_end(&head) {
                return if is_ambiguous(&head[..end]) { Err("400 Bad Request") } else { Ok(Some(())) };
            }
            if head.len() >= HEAD_BYTES_MAX {
                return Err("431 Request Header Fields Too Large");
            }
            let room = HEAD_BYTES_MAX - head.len();
            match (&mut *io).take(room as u64).read_buf(&mut head).await {
                Ok(0) | Err(_) => return Ok(None),
                Ok(_) => {}
            }
        }
    };
    let whole = timeout(limits.header_time_max, reading).await.unwrap_or(Err("408 Request Timeout"))?;
    Ok(whole.map(|()| head.into()))
}

fn head_end(bytes: &[u8]) -> Option<usize> {
    let crlf = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let lf = bytes.windows(2).position(|window| window == b"\n\n");
    match (crlf, lf) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn is_ambiguous(head: &[u8]) -> bool {
    let lines = head.split(|byte| *byte == b'\n').skip(1);
    let named = |line: &[u8], name: &[u8]| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    let (mut lengths, mut encodings) = (0, 0);
    for line in lines {
        lengths += usize::from(named(line, b"content-length"));
        encodings += usize::from(named(line, b"transfer-encoding"));
    }
    lengths + encodings > 1
}

async fn refuse(mut io: impl AsyncWrite + Unpin, status: &str) {
    let text = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\nRetry-After: 5\r\n\r\n");
    let _ = timeout(Duration::from_secs(2), async {
        io.write_all(text.as_bytes()).await?;
        io.shutdown().await
    })
    .await;
}

/// A stream whose first bytes were already read, and whose reader may not stand still for ever.
struct Rewound<Io> {
    head: Bytes,
    io: Io,
    pause_max: Duration,
    /// Runs while the reader takes nothing.
    pause: Option<Pin<Box<Sleep>>>,
}

impl<Io: AsyncRead + Unpin> AsyncRead for Rewound<Io> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.head.is_empty() {
            return Pin::new(&mut self.io).poll_read(context, out);
        }
        let count = self.head.len().min(out.remaining());
        out.put_slice(&self.head.split_to(count));
        Poll::Ready(Ok(()))
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Rewound<Io> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = Pin::new(&mut self.io).poll_write(context, bytes) {
            self.pause = None;
            return Poll::Ready(written);
        }
        let pause_max = self.pause_max;
        let pause = self.pause.get_or_insert_with(|| Box::pin(sleep(pause_max)));
        pause.as_mut().poll(context).map(|()| Err(io::Error::from(io::ErrorKind::TimedOut)))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests;
