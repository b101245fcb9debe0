//! The diagram of a process with the place where a case stands.

/// Where a step stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StepPlace {
    /// It was done.
    Done,
    /// Somebody has it now.
    Now,
    /// It may come, or was never needed.
    #[default]
    Other,
}

impl StepPlace {
    /// Class of the stylesheet.
    pub fn class(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Now => "now",
            Self::Other => "other",
        }
    }

    /// Message that says it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Done => "diagram-done",
            Self::Now => "diagram-now",
            Self::Other => "diagram-other",
        }
    }
}

/// What a shape is drawn as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShapeKind {
    /// A pool or lane.
    Lane,
    /// Work.
    Task,
    /// A branching.
    Gateway,
    /// A beginning, an end, something awaited.
    Event,
}

/// A shape, in the units of the drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiagramShape {
    /// What it is.
    pub kind: ShapeKind,
    /// Left.
    pub x: i32,
    /// Top.
    pub y: i32,
    /// Width.
    pub width: i32,
    /// Height.
    pub height: i32,
    /// Its name, a line each.
    pub lines: Vec<String>,
    /// Where it stands.
    pub place: StepPlace,
}

impl DiagramShape {
    /// Middle, from the left.
    pub fn cx(&self) -> i32 {
        self.x + self.width / 2
    }

    /// Middle, from the top.
    pub fn cy(&self) -> i32 {
        self.y + self.height / 2
    }

    /// Half of the smaller side: an event's radius.
    pub fn radius(&self) -> i32 {
        self.width.min(self.height) / 2
    }

    /// The corners of a gateway.
    pub fn corners(&self) -> String {
        let (x, y, right, bottom) = (self.x, self.y, self.x + self.width, self.y + self.height);
        format!("{},{y} {right},{} {},{bottom} {x},{}", self.cx(), self.cy(), self.cx(), self.cy())
    }

    /// Where the first line of the name stands: in the middle of a task, below anything small, at the left edge of a lane.
    pub fn text_y(&self) -> i32 {
        match self.kind {
            ShapeKind::Task => self.cy() + 5 - 9 * (i32::try_from(self.lines.len()).unwrap_or(1) - 1),
            ShapeKind::Lane => self.y + 18,
            ShapeKind::Gateway | ShapeKind::Event => self.y + self.height + 16,
        }
    }

    /// Where it stands from the left.
    pub fn text_x(&self) -> i32 {
        if self.kind == ShapeKind::Lane { self.x + 8 } else { self.cx() }
    }
}

/// A drawn process, and the same as a list for those who do not see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcessDiagram {
    /// What it is of.
    pub title: String,
    /// `x y width height` of the drawing.
    pub view_box: String,
    /// Lanes first.
    pub shapes: Vec<DiagramShape>,
    /// Points of each line.
    pub lines: Vec<String>,
    /// Steps of people in order.
    pub steps: Vec<(String, StepPlace)>,
}
