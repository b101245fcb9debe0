//! Where a case went: what the person who finished a step is told.

use base::id::CaseId;
use kernel::case::view_clock;
use web::words::Words;

use super::load;
use crate::app::App;
use crate::calendar::date_words;
use crate::error::Result;
use crate::identity::Identity;
use crate::naming::stage_name;

/// The case's number with its next step, who has it and by when; or the stage in which it rests.
pub async fn went_on(app: &App, identity: &Identity, id: CaseId, words: Words) -> Result<String> {
    let case = load(app, identity, id).await?;
    let matter = app.matter_at(&case.matter, &case.catalog).await?;
    let (catalog, lang) = (app.catalog(), words.lang.tag());
    let Some(task) = case.tasks.values().next() else {
        let stage = stage_name(case.stage.as_str(), matter.spec.kind, words);
        return Ok(words.t2("went-on-ended", "number", &case.number, "stage", stage));
    };
    let step = matter.task(&task.element).map_or(task.element.as_str(), |declared| declared.name.get(lang));
    let post = catalog.post_kinds.get(&task.post_kind).map_or(task.post_kind.as_str(), |kind| kind.name.get(lang));
    let args = [("number", case.number.as_str().into()), ("step", step.into()), ("post", post.into())];
    let said = words.t_args("went-on", &args);
    let clock = view_clock(&case.clocks, case.stage, &catalog.calendar, app.today());
    Ok(match clock.filter(|clock| clock.paused.is_none()) {
        Some(clock) => {
            words.t2("went-on-due", "text", said, "date", date_words(clock.due.on, clock.provisional, words))
        }
        None => said,
    })
}
