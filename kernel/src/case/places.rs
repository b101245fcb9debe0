//! Where the vault keeps what an applicant hands in. What comes with a supplement lies beside the first, so that each entry's commitment can
//! still be opened and no file is forgotten.

use base::id::CaseId;

/// What is handed in together: the application (round 1), or the answer to the supplement notice (round 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places(String);

impl Places {
    /// Those of a round (`Clocks::round`).
    pub fn of(case: CaseId, round: u32) -> Self {
        Self(if round <= 1 { format!("case/{case}") } else { format!("case/{case}/round/{round}") })
    }

    /// A personal field of the form, by JSON pointer.
    pub fn form(&self, pointer: &str) -> String {
        format!("{}/form{pointer}", self.0)
    }

    /// The name of a material's file.
    pub fn file(&self, material: &str) -> String {
        format!("{}/file/{material}", self.0)
    }
}

/// Where the plain hash of a sealed file lies, beside its name: the entry holds a salted commitment, so that nobody can try out contents.
pub fn hash_place(file: &str) -> Option<String> {
    file.rsplit_once("/file/").map(|(place, material)| format!("{place}/file-hash/{material}"))
}

/// The JSON pointer of a personal field of the form: `case/<id>/form/manager_id` → `/manager_id`.
pub fn form_pointer(place: &str) -> Option<&str> {
    let at = place.find("/form/")?;
    place.get(at + "/form".len()..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_lie_beside_each_other_and_are_read_alike() {
        let case = CaseId::new_v7(0, [7; 10]);
        let (first, second) = (Places::of(case, 1), Places::of(case, 2));
        assert_eq!(first.form("/form/0/name"), format!("case/{case}/form/form/0/name"));
        for places in [&first, &second] {
            assert_eq!(form_pointer(&places.form("/form/0/name")), Some("/form/0/name"));
            let hash = hash_place(&places.file("contract")).unwrap();
            assert!(hash.ends_with("/file-hash/contract"), "{hash}");
            assert_eq!(form_pointer(&hash), None);
        }
        assert_ne!(first.form("/manager_id"), second.form("/manager_id"));
        assert_ne!(hash_place(&first.file("contract")), hash_place(&second.file("contract")));
    }
}
