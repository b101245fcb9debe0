//! Forms: a JSON Schema with page hints serves the applicant's pages, the officer's facts, the API's type and the printed summary.

use serde::{Deserialize, Serialize};

/// How a field must be protected (security.md §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldClass {
    /// Anyone may read it.
    Public,
    /// Officers and the applicant read it.
    #[default]
    Internal,
    /// Personal data: sealed under the subject's key, masked by default.
    Personal,
    /// Sensitive personal data (个人信息保护法 art. 28): sealed, unmasked only one field at a time.
    Sensitive,
}

impl FieldClass {
    /// Whether a value of this class is sealed and never stands in an entry.
    pub fn is_sealed(self) -> bool {
        self >= Self::Personal
    }
}
