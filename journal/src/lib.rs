//! The journal: canonical entries, RFC 6962 tree, signed checkpoints, proofs and a verifier.
