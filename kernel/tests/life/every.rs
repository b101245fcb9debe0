//! Every built-in matter that makes a licence: its passing example comes to its end, by the first outcome of each task, without a fault of the
//! process. What changes a licence that exists is lived through in `after.rs`.

use std::sync::Arc;

use base::region::Level;
use kernel::case::{CaseCommand, Stage};
use kernel::catalog::{Act, Example, Matter};

use super::world::{CATALOG, World, example, system};

/// Steps within which any of them ends.
const STEPS_MAX: usize = 40;

#[test]
fn the_passing_example_of_every_matter_comes_to_its_end_without_a_fault() {
    let changes = |matter: &Matter| matter.acts.values().any(|act| matches!(act, Act::AlterLicence { .. }));
    let lived: Vec<(&str, Result<(), String>)> = CATALOG
        .matters
        .values()
        .filter(|matter| !changes(matter))
        .map(|matter| (matter.code().as_str(), lived(matter, example(matter, "/pass"))))
        .collect();
    let faults: Vec<_> = lived.iter().filter(|(_, lived)| lived.is_err()).collect();
    assert!(faults.is_empty() && lived.len() >= 9, "{faults:#?}");
}

/// At the lowest level that handles it; the levels above are there too.
fn lived(matter: &Arc<Matter>, example: &Example) -> Result<(), String> {
    let mut world = World::new(example.on, example);
    world.handling = match matter.spec.levels.iter().max() {
        Some(Level::County) => "130123-zjj",
        Some(Level::City) => "130100-zjj",
        _ => "130000-zjt",
    };
    world.put_bureau(100, "130100-zjj");
    world.put_bureau(150, "130000-zjt");
    world.apply(matter, example, 1, &[]).map_err(|refusal| format!("{refusal:?}"))?;
    for _ in 0..STEPS_MAX {
        let case = world.case(1);
        if !case.incidents.is_empty() {
            return Err(format!("{:?}", case.incidents));
        }
        // What waits for a day waits for it; what is open meanwhile only happens when somebody objects.
        if let Some((instance, at)) = case.timers.iter().next().map(|(instance, at)| (*instance, *at)) {
            world.today = base::time::date(jiff::Timestamp::from_microsecond(at).unwrap()).tomorrow().unwrap();
            let fired = world.on(matter, example, 1, &system(), CaseCommand::FlowTimer { instance });
            fired.map_err(|refusal| format!("{refusal:?}"))?;
            continue;
        }
        let Some((task, open)) = case.tasks.iter().next().map(|(task, open)| (*task, open.clone())) else {
            return match case.stage {
                Stage::Granted => Ok(()),
                stage => Err(format!("rests at {stage:?}")),
            };
        };
        let word =
            matter.task(&open.element).and_then(|task| task.outcomes.names().next()).unwrap_or_default().to_owned();
        world.somebody_does(matter, example, 1, task, &word)?;
    }
    Err("never ends".to_owned())
}
