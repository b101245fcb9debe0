//! How one wishes to be told: e-mail address, mobile number, and which of the two.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use kernel::message::Medium;
use web::form::Fields;
use web::page::Page;
use web::problem::Problem;
use web::view::{Choice, ErrorLine, Field, FieldKind, Width, error_lines};
use web::words::Lang;

use crate::app::App;
use crate::messages::contact::{EMAIL_CHARS_MAX, MOBILE_CHARS_MAX, Told, Unfit, media_of};
use crate::routes::Routes;
use crate::session::{Answer, Visitor, redirect};

/// The addresses of this module.
pub fn routes() -> Routes {
    Routes::new().get("/account/contact", page).post("/account/contact", set)
}

#[derive(Template)]
#[template(path = "sign-in/contact.html")]
struct ContactPage {
    p: Page,
    nonce: String,
    errors: Vec<ErrorLine>,
    fields: Vec<Field>,
    /// This node sends by none of them: what is said here is kept for when it does.
    silent: bool,
}

async fn page(State(app): State<App>, visitor: Visitor) -> Answer {
    visitor.identity()?;
    let account = visitor.account().ok_or_else(Problem::sign_in)?;
    let told = app.told(account, visitor.words.lang.tag()).await.map_err(|error| visitor.stop(error))?;
    show(&app, &visitor, &told, &[])
}

fn show(app: &App, visitor: &Visitor, told: &Told, wrong: &[Unfit]) -> Answer {
    let mut p = visitor.page("contact-title");
    p.failed = !wrong.is_empty();
    let status = if p.failed { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut email = Field::new(FieldKind::Text, "email", p.t("contact-email")).value(&told.email).optional();
    email.autocomplete = "email";
    email.chars_max = u32::try_from(EMAIL_CHARS_MAX).unwrap_or(u32::MAX);
    let mut mobile = Field::new(FieldKind::Phone, "mobile", p.t("contact-mobile")).value(&told.mobile).optional();
    mobile.autocomplete = "tel";
    mobile.width = Width::Middle;
    let by = |medium: Medium| Choice::new(medium.as_str(), p.t(&format!("message-by-{}", medium.as_str())));
    let mut wishes = Field::new(FieldKind::Checkbox, "wishes", p.t("contact-wishes")).hint(p.t("contact-wishes-hint"));
    wishes = wishes.choices(Medium::ALL.map(by).into()).optional();
    wishes.values = told.wishes.iter().map(|medium| medium.as_str().to_owned()).collect();
    let tongue = |(lang, key): (Lang, &str)| Choice::new(lang.tag(), p.t(key));
    let tongues = [(Lang::ZhCn, "contact-zh"), (Lang::En, "contact-en")].map(tongue);
    let language = Field::new(FieldKind::Radio, "language", p.t("contact-language")).choices(tongues.into());
    let mut fields = vec![email, mobile, wishes, language.value(&told.language)];
    for (name, key) in wrong {
        for field in fields.iter_mut().filter(|field| field.name == *name) {
            field.error = Some(p.t(key));
        }
    }
    let (nonce, errors, silent) = (visitor.nonce()?, error_lines(&fields), app.settings().media.is_empty());
    visitor.html_with(status, &ContactPage { p, nonce, errors, fields, silent })
}

async fn set(State(app): State<App>, visitor: Visitor, fields: Fields) -> Answer {
    let nonce = visitor.check_form(&fields)?;
    let identity = visitor.identity()?;
    let account = visitor.account().ok_or_else(Problem::sign_in)?;
    // What does not fit in the field fits no address either: it is complained of there.
    let text = |name: &str, max: usize| fields.optional_text(name, max).map_err(|_| name == "email");
    let given = (text("email", EMAIL_CHARS_MAX), text("mobile", MOBILE_CHARS_MAX));
    let told = Told {
        email: given.0.clone().unwrap_or_default(),
        mobile: given.1.clone().unwrap_or_default(),
        wishes: media_of(fields.all("wishes", Medium::ALL.len())),
        language: fields.optional_text("language", 10).unwrap_or_default(),
    };
    let too_long = match given {
        (Err(_), _) => Some(("email", "contact-email-unfit")),
        (_, Err(_)) => Some(("mobile", "contact-mobile-unfit")),
        _ => None,
    };
    let checked = too_long.map_or_else(|| told.checked(app.settings().demo), |unfit| Err(vec![unfit]));
    match checked {
        Ok(checked) => {
            let set = app.set_told(identity, account, checked, Some(nonce)).await;
            set.map_err(|error| visitor.stop(error))?;
            Ok(redirect("/account/contact?done=contact", None))
        }
        Err(wrong) => show(&app, &visitor, &told, &wrong),
    }
}
