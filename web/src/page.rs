//! The context every layout needs: who looks, in which language, from where, with which menu.

use crate::assets;
use crate::view::{Link, Tone};
use crate::words::{Arg, Words};

/// Colours of the public site; internal pages are always blue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Default.
    #[default]
    Blue,
    /// Chosen by the site's editor.
    Red,
}

impl Theme {
    /// Value of `data-theme`.
    pub fn attribute(&self) -> &'static str {
        match self {
            Theme::Blue => "blue",
            Theme::Red => "red",
        }
    }
}

/// The site of a node: only names and links differ between province, city and county.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Site {
    /// `河北建设网`.
    pub name: String,
    /// Line under the name.
    pub tagline: String,
    /// Lines of the footer: organiser, identification codes, hotline.
    pub footer: Vec<String>,
    /// Other sites of the network.
    pub sites: Vec<Link>,
    /// Links at the right of the footer.
    pub links: Vec<Link>,
}

/// The person signed in and the post they act as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignedIn {
    /// Name shown.
    pub name: String,
    /// Post or enterprise (`建筑业管理股`).
    pub post: String,
    /// Where their work starts.
    pub home: String,
    /// Reminders not seen yet.
    pub unread: u32,
    /// Where reminders are listed.
    pub reminders_href: String,
    /// Where to change post and settings.
    pub account_href: String,
}

/// One entry of the side menu.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MenuItem {
    /// Icon name of `ui/icons.txt`.
    pub icon: String,
    /// Its words.
    pub text: String,
    /// Its address.
    pub href: String,
    /// Things waiting there.
    pub count: Option<u64>,
    /// Shown in red: something is late.
    pub hot: bool,
}

/// A titled group of the side menu.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MenuGroup {
    /// Its heading.
    pub title: String,
    /// Its entries.
    pub items: Vec<MenuItem>,
}

/// A message about what was just done, shown once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flash {
    /// Its colour.
    pub tone: Tone,
    /// The sentence.
    pub text: String,
}

/// A state of the whole node, shown on every page while it lasts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Banner {
    /// Its colour.
    pub tone: Tone,
    /// The sentence.
    pub text: String,
}

/// How long the session still lasts, for the warning five minutes before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionClock {
    /// Seconds until it ends for lack of use.
    pub seconds_left: u32,
    /// Seconds before the end at which the warning shows.
    pub warn_seconds: u32,
    /// Seconds that it lasts again after somebody asked to stay.
    pub idle_seconds: u32,
}

/// Everything a layout shows besides the page's own content. A template has it as field `p`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Language and messages.
    pub words: Words,
    /// Title, without the site's name.
    pub title: String,
    /// What the page is about (a case's number and project): first in the browser's tab, where many pages have the same title.
    pub about: String,
    /// The form came back with errors: the title says so first.
    pub failed: bool,
    /// Path of this page, to mark the current menu entry.
    pub path: String,
    /// What stood behind the path, so that a change of language comes back to the same list.
    pub query: String,
    /// Single-key shortcuts are on (WCAG 2.1.4).
    pub keys: bool,
    /// Colours of the public site.
    pub theme: Theme,
    /// 长者版: large type.
    pub large: bool,
    /// Names of this node's site.
    pub site: Site,
    /// Main navigation of the public site; empty on working pages.
    pub nav: Vec<Link>,
    /// Side menu of internal pages.
    pub menu: Vec<MenuGroup>,
    /// Who looks.
    pub person: Option<SignedIn>,
    /// Token that every form carries.
    pub csrf: String,
    /// Demonstration data: every page says so.
    pub demo: bool,
    /// Today, in words.
    pub today: String,
    /// Where this page is.
    pub crumbs: Vec<Link>,
    /// What was just done.
    pub flash: Option<Flash>,
    /// States of the node.
    pub banners: Vec<Banner>,
    /// When the session ends.
    pub session: Option<SessionClock>,
    /// Islands this page loads besides `jt.js` (`upload`, `inbox`).
    pub islands: Vec<&'static str>,
}

impl Page {
    /// A message.
    pub fn t(&self, key: &str) -> String {
        self.words.t(key)
    }

    /// A message with one argument.
    pub fn t1(&self, key: &str, name: &'static str, value: impl Into<Arg>) -> String {
        self.words.t1(key, name, value)
    }

    /// A message with two arguments.
    pub fn t2(
        &self,
        key: &str,
        name: &'static str,
        value: impl Into<Arg>,
        name_2: &'static str,
        value_2: impl Into<Arg>,
    ) -> String {
        self.words.t2(key, name, value, name_2, value_2)
    }

    /// The `lang` attribute.
    pub fn lang(&self) -> &'static str {
        self.words.lang.tag()
    }

    /// Address of an asset.
    pub fn asset(&self, name: &str) -> String {
        assets::url(name)
    }

    /// Address of an island's script.
    pub fn island(&self, name: &str) -> String {
        assets::url(&format!("{name}.js"))
    }

    /// Address of an icon.
    pub fn icon(&self, name: &str) -> String {
        assets::icon(name)
    }

    /// The whole title: `错误：` first when the form came back, the site's name last.
    pub fn full_title(&self) -> String {
        let parts = [self.about.as_str(), self.title.as_str()].into_iter().filter(|part| !part.is_empty());
        let title = parts.collect::<Vec<_>>().join(" · ");
        let title = if self.failed { self.t1("title-failed", "title", title) } else { title };
        if self.site.name.is_empty() { title } else { format!("{title} — {}", self.site.name) }
    }

    /// Is that address this page?
    pub fn is_here(&self, href: &str) -> bool {
        self.path == href.split('?').next().unwrap_or_default()
    }

    /// A link that comes back here after changing a setting.
    pub fn setting(&self, what: &str) -> String {
        let query = if self.query.is_empty() { String::new() } else { format!("?{}", self.query) };
        format!("/settings?{what}&back={}", percent_encode(&format!("{}{query}", self.path)))
    }

    /// Where the logo of an internal page leads.
    pub fn home(&self) -> &str {
        self.person.as_ref().map_or("/", |person| person.home.as_str())
    }
}

/// Percent-encodes all but unreserved characters and `/`, for a query value.
pub fn percent_encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(b"0123456789ABCDEF"[usize::from(byte >> 4)]));
            out.push(char::from(b"0123456789ABCDEF"[usize::from(byte & 15)]));
        }
        out
    })
}

/// A redirect target given by a request: only a path of this site, else home (security rules, section 6).
pub fn local_path(asked: &str) -> &str {
    let safe = asked.starts_with('/')
        && !asked.starts_with("//")
        && !asked.contains('\\')
        && !asked.chars().any(|c| c.is_control())
        && asked.len() <= 1024;
    if safe { asked } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_stays_on_this_site() {
        for (asked, goes) in [
            ("/cases/1?a=b", "/cases/1?a=b"),
            ("//evil.example", "/"),
            ("https://evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/a\r\nSet-Cookie: x", "/"),
            ("", "/"),
        ] {
            assert_eq!(local_path(asked), goes, "{asked:?}");
        }
    }

    #[test]
    fn a_setting_comes_back_to_the_same_list() {
        let page = Page { path: "/office/cases".into(), query: "q=a&stage=granted".into(), ..Page::default() };
        assert_eq!(page.setting("size=l"), "/settings?size=l&back=/office/cases%3Fq%3Da%26stage%3Dgranted");
    }

    #[test]
    fn the_title_says_first_that_something_is_wrong() {
        let mut page = Page { title: "参建单位".into(), failed: true, ..Page::default() };
        page.site.name = "河北建设网".into();
        assert_eq!(page.full_title(), "错误：参建单位 — 河北建设网");
        page.about = "SJZ20261120000123".into();
        assert_eq!(page.full_title(), "错误：SJZ20261120000123 · 参建单位 — 河北建设网");
    }

    #[test]
    fn encodes_what_a_query_cannot_carry() {
        assert_eq!(percent_encode("/a b?c=建"), "/a%20b%3Fc%3D%E5%BB%BA");
    }
}
