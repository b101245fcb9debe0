//! Who works in the lanes of a process.

use serde::Deserialize;

use super::check::SharedNames;
use super::matter::MatterSpec;
use super::problem::Findings;
use super::shared::Side;

/// Who works in a lane: a kind of post in the organisation that handles the case, or in another department of the same region.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "RawLane")]
pub struct LaneSpec {
    /// The kind of post.
    pub post: String,
    /// The department whose opinion the law asks for (联合办理, 行政许可法 26); none = the one that handles the case.
    pub department: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawLane {
    Here(String),
    Elsewhere(RawLaneElsewhere),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLaneElsewhere {
    post: String,
    department: String,
}

impl From<RawLane> for LaneSpec {
    fn from(raw: RawLane) -> Self {
        match raw {
            RawLane::Here(post) => Self { post, department: None },
            RawLane::Elsewhere(RawLaneElsewhere { post, department }) => Self { post, department: Some(department) },
        }
    }
}

/// Every lane has a kind of post that handles cases at each level of the matter, in a department that is there.
pub(super) fn fit(spec: &MatterSpec, shared: &SharedNames<'_>, findings: &mut Findings<'_>) {
    for (lane, works) in &spec.lanes {
        let (place, post_kind) = (format!("lanes.{lane}"), &works.post);
        if let Some(department) = &works.department {
            for level in spec.levels.iter().filter(|level| !shared.directory.serves(department, **level)) {
                let message = format!("no organisation of the directory is {department} at level {level:?}");
                findings.error(&place, "lane-department", message);
            }
        }
        match shared.post_kinds.get(post_kind) {
            None => findings.error(&place, "post-kind", format!("there is no post kind {post_kind}")),
            // Applicants hold no lane: their part is the envelope's.
            Some(kind) if kind.side != Side::Officer => {
                findings.error(&place, "post-kind", format!("{post_kind} handles no cases"));
            }
            Some(kind) => {
                if let Some(level) = spec.levels.iter().find(|level| !kind.levels.contains(level)) {
                    findings.error(&place, "post-kind", format!("{post_kind} does not exist at level {level:?}"));
                }
            }
        }
    }
}
