//! What stands in the address of a list, so that a view can be bookmarked and a case leads back to it.

use web::form::Fields;
use web::page::{local_path, percent_encode};

use super::address;

/// Pages back that an address remembers.
const TRAIL_MAX: usize = 20;

/// The query of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) light: String,
    pub(super) matter: String,
    pub(super) kind: String,
    pub(super) who: String,
    pub(super) stage: String,
    pub(super) q: String,
    pub(super) after: String,
    /// Where the pages before this one began, the first page aside.
    pub(super) trail: String,
    /// The case that was just finished; said once, and no part of the view.
    pub(super) of: String,
}

impl Query {
    pub(super) fn parse(query: Option<&str>) -> Self {
        let fields = Fields::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
        let text = |name: &str| fields.optional_text(name, 2_000).unwrap_or_default();
        Self {
            light: text("light"),
            matter: text("matter"),
            kind: text("kind"),
            who: text("who"),
            stage: text("stage"),
            q: text("q"),
            after: text("after"),
            trail: text("trail"),
            of: text("of"),
        }
    }

    /// The address of the list so narrowed.
    pub(super) fn on(&self, path: &str) -> String {
        let query = [
            ("light", self.light.as_str()),
            ("matter", &self.matter),
            ("kind", &self.kind),
            ("who", &self.who),
            ("stage", &self.stage),
            ("q", &self.q),
            ("after", &self.after),
            ("trail", &self.trail),
        ];
        address(path, &query)
    }

    /// Its first page.
    pub(super) fn first(&self) -> Self {
        Self { after: String::new(), trail: String::new(), ..self.clone() }
    }

    /// The page after this one.
    pub(super) fn next(&self, after: String) -> Self {
        let before: Vec<&str> = self.pages_before().chain((!self.after.is_empty()).then_some(&*self.after)).collect();
        let trail = before[before.len().saturating_sub(TRAIL_MAX)..].join(".");
        Self { after, trail, ..self.clone() }
    }

    /// The page before this one.
    pub(super) fn previous(&self) -> Option<Self> {
        if self.after.is_empty() {
            return None;
        }
        let mut before: Vec<&str> = self.pages_before().collect();
        let after = before.pop().unwrap_or_default().to_owned();
        Some(Self { after, trail: before.join("."), ..self.clone() })
    }

    fn pages_before(&self) -> impl Iterator<Item = &str> {
        self.trail.split('.').filter(|page| !page.is_empty())
    }

    /// One character is no search: the index begins with two.
    pub(super) fn is_too_short(&self) -> bool {
        self.q.chars().count() == 1
    }
}

/// The list that a case was opened from; the inbox when the address names none.
pub(super) fn back_to(from: &str) -> &str {
    let from = local_path(from);
    if from.starts_with("/office/") { from } else { super::INBOX }
}

/// The message that names that list.
pub(super) fn list_key(back: &str) -> &'static str {
    match back.split('?').next().unwrap_or_default() {
        "/office/cases" => "menu-cases",
        "/office/desk" => "menu-desk",
        "/office/reminders" => "menu-reminders",
        _ => "menu-inbox",
    }
}

/// The page of a case that leads back to a list.
pub(super) fn case_from(case: &str, from: &str) -> String {
    if from == super::INBOX {
        return format!("/office/cases/{case}");
    }
    format!("/office/cases/{case}?from={}", percent_encode(from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_lead_on_and_back_again() {
        let first = Query::parse(Some("light=red&q=%E6%A1%A5"));
        assert!(first.is_too_short() && first.previous().is_none());
        let third = first.next("b".to_owned()).next("c".to_owned());
        assert_eq!(third.on("/l"), "/l?light=red&q=%E6%A1%A5&after=c&trail=b");
        let second = third.previous().unwrap_or_default();
        assert_eq!((second.after.as_str(), second.previous()), ("b", Some(first.clone())));
        assert_eq!(third.first(), first);
    }

    #[test]
    fn a_case_leads_back_to_a_list_of_this_office_only() {
        for (from, back, key) in [
            ("/office/cases?q=a", "/office/cases?q=a", "menu-cases"),
            ("//evil.example", "/office/inbox", "menu-inbox"),
            ("/my", "/office/inbox", "menu-inbox"),
            ("", "/office/inbox", "menu-inbox"),
        ] {
            assert_eq!((back_to(from), list_key(back)), (back, key), "{from}");
        }
    }
}
