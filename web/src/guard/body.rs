//! Bodies that know how large and how slow they may be.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use http_body_util::BodyExt as _;
use hyper::body::{Frame, SizeHint};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::{Clock, Limits};
use crate::problem::Problem;

/// Why a body was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    /// More bytes than this kind of request may have.
    #[error("the body is over its limit")]
    TooLarge,
    /// Slower than the minimum rate, or over the total time.
    #[error("the body came too slowly")]
    TooSlow,
}

impl BodyFault {
    /// The answer to it: 413 or 408.
    pub fn problem(self) -> Problem {
        match self {
            BodyFault::TooLarge => Problem::too_large(),
            BodyFault::TooSlow => Problem::new(axum::http::StatusCode::REQUEST_TIMEOUT, "timeout"),
        }
    }

    /// Finds the fault under the wrappings of other crates' errors. Anything else is a body that broke off: 400.
    pub fn find(error: &(dyn std::error::Error + 'static)) -> Problem {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(fault) = error.downcast_ref::<BodyFault>() {
                return fault.problem();
            }
            next = error.source();
        }
        Problem::bad_request()
    }
}

/// A request body under a size cap, a minimum rate and (uploads apart) a total time. Only time spent waiting for the client counts:
/// our own slow disk must not look like a slow client.
pub struct TimedBody {
    inner: Body,
    clock: Clock,
    limits: Limits,
    cap: u64,
    upload: bool,
    bytes: u64,
    waited: Duration,
    waiting_since: Option<Duration>,
    tick: Option<Interval>,
}

impl TimedBody {
    /// Wraps a body.
    pub fn new(inner: Body, clock: Clock, limits: &Limits, cap: u64, upload: bool) -> TimedBody {
        TimedBody {
            inner,
            clock,
            limits: *limits,
            cap,
            upload,
            bytes: 0,
            waited: Duration::ZERO,
            waiting_since: None,
            tick: None,
        }
    }

    fn count_wait(&mut self) {
        if let Some(since) = self.waiting_since.take() {
            self.waited += (self.clock)().saturating_sub(since);
        }
    }

    fn is_too_slow(&self) -> bool {
        let now = self.waiting_since.map_or(Duration::ZERO, |since| (self.clock)().saturating_sub(since));
        let waited = self.waited + now;
        let counted = waited.saturating_sub(self.limits.body_grace);
        let owed = counted.as_millis() * u128::from(self.limits.body_bytes_per_second_min) / 1000;
        u128::from(self.bytes) < owed || (!self.upload && waited > self.limits.body_time_max)
    }
}

impl HttpBody for TimedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match Pin::new(&mut self.inner).poll_frame(context) {
            Poll::Ready(frame) => {
                self.count_wait();
                if let Some(Ok(frame)) = &frame
                    && let Some(data) = frame.data_ref()
                {
                    self.bytes += data.len() as u64;
                    if self.bytes > self.cap {
                        return Poll::Ready(Some(Err(BodyFault::TooLarge.into())));
                    }
                }
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => {
                if self.waiting_since.is_none() {
                    self.waiting_since = Some((self.clock)());
                }
                let step = (self.limits.body_grace / 4).clamp(Duration::from_millis(20), Duration::from_secs(1));
                let tick = self.tick.get_or_insert_with(|| {
                    let mut tick = interval(step);
                    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
                    tick
                });
                while tick.poll_tick(context).is_ready() {}
                if self.is_too_slow() {
                    return Poll::Ready(Some(Err(BodyFault::TooSlow.into())));
                }
                Poll::Pending
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }
}

/// Reads a whole body of at most `bytes_max` into memory.
pub(crate) async fn read_body(mut body: Body, bytes_max: usize) -> Result<Vec<u8>, Problem> {
    let mut out = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| BodyFault::find(&error))?;
        if let Ok(data) = frame.into_data() {
            if out.len() + data.len() > bytes_max {
                return Err(Problem::too_large());
            }
            out.extend_from_slice(&data);
        }
    }
    Ok(out)
}
