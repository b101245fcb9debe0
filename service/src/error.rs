//! Why a use case did not happen: the rules say no, the input does not stand, or a machine failed.

use kernel::Refusal;
use kernel::form::FieldError;

/// The result of a use case.
pub type Result<T> = std::result::Result<T, Error>;

/// Why not.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The rules say no; the person is told why and what to do.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// Fields of a form do not stand.
    #[error("{} fields do not stand", .0.len())]
    Invalid(Vec<FieldError>),
    /// The same key came with another body.
    #[error("idempotency key used for another request")]
    KeyReused,
    /// Too much at once; try again.
    #[error("busy")]
    Busy,
    /// A machine failed: the log gets the cause, the person a reference number.
    #[error("{0}")]
    Fault(#[from] store::Fault),
    /// Paper could not be made.
    #[error("paper: {0}")]
    Paper(#[from] print::PrintError),
}

impl From<store::SubmitError> for Error {
    fn from(error: store::SubmitError) -> Self {
        match error {
            store::SubmitError::Refused(refusal) => Self::Refused(refusal),
            store::SubmitError::KeyReused => Self::KeyReused,
            // Stale facts were gathered again and were stale again: somebody is at the same records at this moment.
            store::SubmitError::Stale | store::SubmitError::Busy => Self::Busy,
            store::SubmitError::Fault(fault) => Self::Fault(store::Fault::shared(fault)),
        }
    }
}

impl Error {
    /// Not there, or not yours.
    pub fn not_found() -> Self {
        Self::Refused(Refusal::NotFound)
    }
}
