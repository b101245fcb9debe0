//! Signed checkpoints (security.md §5): the node's word for every entry below a size, at least every 60 s and at stop; the caller has the clock.

use std::sync::Arc;

use journal::checkpoint::{Checkpoint, origin};
use journal::note::{Note, SignerKey, VerifierKey};
use journal::{Hash, Receipt};

use crate::fault::Fault;
use crate::keys::Keys;
use crate::sql::{first, values};
use crate::store::Store;
use crate::writer::log::Head;

/// A checkpoint that was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// How many entries it covers.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// The signed note.
    pub note: Note,
}

fn signer(keys: &Keys, node: journal::Id) -> Result<SignerKey, Fault> {
    SignerKey::from_seed(&origin(node), &keys.signing).map_err(|error| Fault::Task(format!("signing key: {error}")))
}

impl Store {
    /// The public half of the key that signs this node's checkpoints: what peers and verifiers pin.
    pub fn verifier(&self) -> Result<VerifierKey, Fault> {
        Ok(signer(&self.inner.keys, self.node())?.verifier().clone())
    }

    /// Signs the journal as it stands at an instant (µs UTC). None when nothing came since the last checkpoint.
    pub async fn sign_checkpoint(&self, at: i64) -> Result<Option<Signed>, Arc<Fault>> {
        let node = self.node();
        self.write(move |writes| {
            let connection = writes.connection();
            let head = Head::read(connection)?;
            let known = first(connection, "select 1 from checkpoints where size = $1", &values![head.size])?;
            if head.size == 0 || known.is_some() {
                return Ok(None);
            }
            let root = head.frontier.root();
            let text = Checkpoint::new(node, head.size, root, at).to_string();
            let note = Note::sign(&text, &signer(writes.keys(), node)?)
                .map_err(|error| Fault::Task(format!("checkpoint: {error}")))?;
            writes.connection().execute(
                "insert into checkpoints (size, at, root, note) values ($1, $2, $3, $4)",
                &values![head.size, at, root.0.to_vec(), note.to_string()],
            )?;
            Ok(Some(Signed { size: head.size, root, note }))
        })
        .await
    }

    /// The receipt (回执) of an entry: its bytes, the proof and the first checkpoint that covers it. None while no checkpoint does.
    pub async fn receipt(&self, sequence: u64) -> Result<Option<Receipt>, Fault> {
        let signer = self.verifier()?;
        self.read(move |reader| {
            let (Some(entry), Some((size, checkpoint))) = (reader.entry(sequence)?, reader.checkpoint_over(sequence)?)
            else {
                return Ok(None);
            };
            let proof = reader.prove_inclusion(sequence, size)?;
            Ok(Some(Receipt { entry: entry.bytes, proof, checkpoint, signer }))
        })
        .await
    }
}
