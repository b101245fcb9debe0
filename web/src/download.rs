//! Files on their way out: read as they are sent, a piece at a time, so that a large file and a slow reader cost the node no memory.

use std::future::Future as _;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::Frame;
use tokio::task::{JoinHandle, spawn_blocking};

/// Bytes read at a time.
const PIECE: usize = 64 << 10;

type Source = Box<dyn Read + Send>;

/// The bytes of a file as a response's body.
pub struct FileBody(State);

enum State {
    Waiting(Source),
    Reading(JoinHandle<(Source, io::Result<Vec<u8>>)>),
    Ended,
}

impl FileBody {
    /// A body of what a reader gives. It is read on threads that may block.
    pub fn new(source: impl Read + Send + 'static) -> FileBody {
        FileBody(State::Waiting(Box::new(source)))
    }
}

impl From<FileBody> for Body {
    fn from(body: FileBody) -> Body {
        Body::new(body)
    }
}

impl std::fmt::Debug for FileBody {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("FileBody(…)")
    }
}

fn piece(mut source: Source) -> (Source, io::Result<Vec<u8>>) {
    let mut bytes = Vec::with_capacity(PIECE);
    let read = (&mut source).take(PIECE as u64).read_to_end(&mut bytes);
    (source, read.map(|_| bytes))
}

impl HttpBody for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let State::Waiting(_) = self.0
            && let State::Waiting(source) = std::mem::replace(&mut self.0, State::Ended)
        {
            self.0 = State::Reading(spawn_blocking(move || piece(source)));
        }
        let State::Reading(reading) = &mut self.0 else { return Poll::Ready(None) };
        let done = ready!(Pin::new(reading).poll(context));
        self.0 = State::Ended;
        let (source, read) = done.map_err(io::Error::other)?;
        match read {
            Ok(bytes) if bytes.is_empty() => Poll::Ready(None),
            Ok(bytes) => {
                self.0 = State::Waiting(source);
                Poll::Ready(Some(Ok(Frame::data(bytes.into()))))
            }
            // The head is sent already: the reader sees a connection that broke off, and the log why.
            Err(error) => {
                tracing::error!(%error, "A file broke off while it was sent");
                Poll::Ready(Some(Err(error)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    struct Breaks;

    impl Read for Breaks {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("damaged"))
        }
    }

    #[tokio::test]
    async fn a_file_is_sent_in_pieces_and_whole() {
        let bytes: Vec<u8> = (0..3 * PIECE + 5).map(|n| (n % 251) as u8).collect();
        let (mut body, mut sent, mut pieces) = (FileBody::new(io::Cursor::new(bytes.clone())), Vec::new(), 0);
        while let Some(frame) = body.frame().await {
            let piece = frame.expect("readable").into_data().expect("data");
            assert!(piece.len() <= PIECE);
            sent.extend_from_slice(&piece);
            pieces += 1;
        }
        assert_eq!((sent == bytes, pieces), (true, 4));
        assert!(FileBody::new(Breaks).collect().await.is_err());
        assert!(FileBody::new(io::empty()).collect().await.expect("empty").to_bytes().is_empty());
    }
}
