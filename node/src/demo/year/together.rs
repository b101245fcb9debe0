//! Futures at once on one task, in the order in which they are given; and a future that is killed on the way.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

/// What is on the way at one time: the writer commits it together.
const AT_ONCE: usize = 96;

/// The answers of all, so many at a time.
pub(super) async fn all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut futures = futures.into_iter().peekable();
    let mut answers = Vec::new();
    while futures.peek().is_some() {
        let mut waiting: Vec<_> = futures.by_ref().take(AT_ONCE).map(|future| (Box::pin(future), None)).collect();
        poll_fn(|context| {
            let mut done = true;
            for (future, answer) in waiting.iter_mut().filter(|(_, answer)| answer.is_none()) {
                match future.as_mut().poll(context) {
                    Poll::Ready(value) => *answer = Some(value),
                    Poll::Pending => done = false,
                }
            }
            if done { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        answers.extend(waiting.into_iter().filter_map(|(_, answer)| answer));
    }
    answers
}

/// Lets a future come so many steps far, then drops it: whoever was asked may still do what was asked of them, and the answer is lost.
/// True when it was killed before its end.
pub(super) async fn killed_after<F: Future>(steps: u64, future: F) -> bool {
    let mut future = pin!(future);
    let mut taken = 0;
    poll_fn(|context| {
        taken += 1;
        match future.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(false),
            Poll::Pending if taken >= steps => Poll::Ready(true),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
