//! A mail server on this machine (the protocol is the `mailin` crate's): it keeps what it is sent and answers as the recipient's name says.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mailin::{Action, Handler, Response, SessionBuilder};

/// A mail that was sent here, whatever was answered to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mail {
    /// Recipients of the envelope.
    pub to: Vec<String>,
    /// Headers and text.
    pub text: String,
}

impl Mail {
    /// The first header of that name, with its folded lines.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.text.split("\r\n\r\n").next()?.replace("\r\n ", " ");
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned)
    }
}

/// A server for as long as the process lives.
pub struct MailServer {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    kept: Mutex<Kept>,
    changed: Condvar,
}

#[derive(Default)]
struct Kept {
    mails: Vec<Mail>,
    refused: Vec<String>,
    holds: bool,
}

impl Shared {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is kept, and tells those who wait for it.
    fn change<T>(&self, change: impl FnOnce(&mut Kept) -> T) -> T {
        let changed = change(&mut self.kept());
        self.changed.notify_all();
        changed
    }
}

/// What comes at all comes within this time.
const PATIENCE: Duration = Duration::from_secs(60);

impl MailServer {
    /// Starts one at a free port. A recipient `refuse-550@…` is refused with that code, any other is taken.
    ///
    /// # Errors
    /// When there is no free port.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (address, shared) = (listener.local_addr()?, Arc::new(Shared::default()));
        let of_server = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&of_server);
                // A client that hangs up in the middle, as a killed one does, ends its session and nothing else.
                std::thread::spawn(move || serve(&stream, shared).is_ok());
            }
        });
        Ok(Self { address, shared })
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// From now on mails are kept, but their senders wait for the answer for ever, or no more.
    pub fn hold(&self, holds: bool) {
        self.shared.change(|kept| kept.holds = holds);
    }

    /// What was sent here so far.
    pub fn mails(&self) -> Vec<Mail> {
        self.shared.kept().mails.clone()
    }

    /// Waits until so many mails were sent here; gives up after a minute.
    pub fn wait_for(&self, count: usize) -> Vec<Mail> {
        let kept = self.shared.kept();
        let waited = self.shared.changed.wait_timeout_while(kept, PATIENCE, |kept| kept.mails.len() < count);
        waited.unwrap_or_else(PoisonError::into_inner).0.mails.clone()
    }

    /// Recipients that were refused, each time.
    pub fn refused(&self) -> Vec<String> {
        self.shared.kept().refused.clone()
    }
}

/// One session.
struct Receiving {
    shared: Arc<Shared>,
    mail: Mail,
    bytes: Vec<u8>,
}

impl Handler for Receiving {
    fn mail(&mut self, _: IpAddr, _: &str, _: &str) -> Response {
        (self.mail, self.bytes) = (Mail::default(), Vec::new());
        mailin::response::OK
    }

    fn rcpt(&mut self, to: &str) -> Response {
        let code = to.strip_prefix("refuse-").and_then(|rest| rest.get(..3)?.parse().ok());
        if let Some(code) = code {
            self.shared.change(|kept| kept.refused.push(to.to_owned()));
            return Response::custom(code, format!("{to} is not taken"));
        }
        self.mail.to.push(to.to_owned());
        mailin::response::OK
    }

    fn data(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        self.mail.text = String::from_utf8_lossy(&self.bytes).into_owned();
        let mail = self.mail.clone();
        let number = self.shared.change(|kept| {
            kept.mails.push(mail);
            kept.mails.len()
        });
        let kept = self.shared.kept();
        // Whoever waits longer than that has long been given up.
        drop(self.shared.changed.wait_timeout_while(kept, PATIENCE, |kept| kept.holds));
        Response::custom(250, format!("queued as {number}"))
    }
}

fn serve(stream: &TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    let handler = Receiving { shared, mail: Mail::default(), bytes: Vec::new() };
    let mut session = SessionBuilder::new("mail.invalid").build(stream.peer_addr()?.ip(), handler);
    let (mut lines, mut answers) = (BufReader::new(stream), stream);
    let mut answer = session.greeting();
    loop {
        if answer.action != Action::NoReply {
            answers.write_all(&answer.buffer()?)?;
        }
        let mut line = Vec::new();
        if answer.action == Action::Close || lines.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        answer = session.process(&line);
    }
}
