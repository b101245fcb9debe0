//! A stand-in for the HTTP client that `dsntk-feel-evaluator` links for external Java functions. Rules are data from administrators: they must
//! not be able to make a server open a connection, so every call here fails, and no socket code is linked.

/// Why nothing was sent.
#[derive(Debug)]
pub struct Error;

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("external functions are refused")
    }
}

/// The names that `dsntk-feel-evaluator` uses.
pub mod blocking {
    use super::Error;

    /// A client that cannot connect.
    #[derive(Debug, Default)]
    pub struct Client;

    impl Client {
        /// A client that cannot connect.
        pub fn new() -> Self {
            Self
        }
        /// A request that will not be sent.
        pub fn post(&self, _url: &str) -> Self {
            Self
        }
        /// Ignores the body.
        pub fn json<T: ?Sized>(self, _body: &T) -> Self {
            self
        }
        /// Always refuses.
        pub fn send(self) -> Result<Response, Error> {
            Err(Error)
        }
    }

    /// Never made.
    #[derive(Debug)]
    pub enum Response {}

    impl Response {
        /// Never reached.
        pub fn json<T>(self) -> Result<T, Error> {
            match self {}
        }
    }
}
