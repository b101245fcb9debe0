//! What is pure: which field names the application, and what the vault keeps for a file.

use super::files::handed_in;
use super::*;
use kernel::case::Places;

#[test]
fn a_repeated_upload_of_a_personal_file_shows_no_hash_of_its_bytes() {
    let id = |text: &str| text.parse().unwrap();
    let case: CaseId = "01980000-0000-7000-8000-000000000001".parse().unwrap();
    let subject: SubjectId = id("01980000-0000-7000-8000-000000000002");
    let places = Places::of(case, 1);
    let mut entropy = kernel::sealed::Entropy::new([7; 32]);
    let file = |sealed| DraftFile {
        hash: "ab".repeat(32),
        media: "application/pdf".to_owned(),
        bytes: 3,
        name: "合同.pdf".to_owned(),
        sealed,
    };
    for (sealed, secrets_kept) in [(false, 1), (true, 2)] {
        let (first, secrets) = handed_in(&places, subject, "contract", &file(sealed), &mut entropy);
        let (second, _) = handed_in(&places, subject, "contract", &file(sealed), &mut entropy);
        let hash = |material: &kernel::case::Material| match &material.source {
            kernel::case::MaterialSource::Upload { hash, .. } => hash.clone(),
            _ => String::new(),
        };
        assert_eq!(secrets.len(), secrets_kept);
        assert_eq!(hash(&first) == hash(&second), !sealed, "salted where sealed");
        assert_eq!(hash(&first) == "ab".repeat(32), !sealed);
        assert!(secrets.iter().all(|secret| secret.field.starts_with(&format!("case/{case}/file"))));
    }
}

#[test]
fn a_code_is_read_from_the_groups_on_a_paper() {
    for typed in ["4992-7BDC", "4992 7bdc", " 4992\u{2014}7BDC\n", "49927bdc"] {
        assert_eq!(plain_code(typed), "49927bdc", "{typed:?}");
    }
}
