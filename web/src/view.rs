//! What components show: plain data, made by handlers from projections, free of the kernel's types. A light is computed before it
//! gets here; a template never decides.

mod diagram;
mod field;
pub use diagram::*;
pub use field::*;

/// A link with its words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// What is read.
    pub text: String,
    /// Where it leads.
    pub href: String,
}

impl Link {
    /// A link.
    pub fn new(text: impl Into<String>, href: impl Into<String>) -> Link {
        Link { text: text.into(), href: href.into() }
    }
}

/// Tone of a tag, note or banner; the words always say it too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Neutral.
    #[default]
    Plain,
    /// Information.
    Blue,
    /// In order.
    Green,
    /// Needs attention.
    Amber,
    /// Refused, late, broken.
    Red,
}

impl Tone {
    /// Class of a tag.
    pub fn tag_class(&self) -> &'static str {
        match self {
            Tone::Plain => "",
            Tone::Blue => "blue",
            Tone::Green => "green",
            Tone::Amber => "amber",
            Tone::Red => "red",
        }
    }

    /// Class of a note or banner.
    pub fn note_class(&self) -> &'static str {
        match self {
            Tone::Plain | Tone::Blue => "",
            Tone::Green => "good",
            Tone::Amber => "warn",
            Tone::Red => "bad",
        }
    }
}

/// A small coloured word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tag {
    /// Its colour.
    pub tone: Tone,
    /// Its word.
    pub text: String,
}

impl Tag {
    /// A tag.
    pub fn new(tone: Tone, text: impl Into<String>) -> Tag {
        Tag { tone, text: text.into() }
    }
}

/// A boxed remark: a title and sentences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// Its colour.
    pub tone: Tone,
    /// Bold first line, may be empty.
    pub title: String,
    /// The sentences.
    pub lines: Vec<String>,
    /// What can be done about it.
    pub link: Option<Link>,
}

/// An empty list: what would be here, and the action that fills it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Empty {
    /// The sentence.
    pub text: String,
    /// The action.
    pub action: Option<Link>,
}

/// State of a deadline light (红黄灯).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LightState {
    /// Enough time: a green circle.
    Green,
    /// Nearly due: a yellow triangle.
    Yellow,
    /// Overdue: a red square.
    Red,
    /// The clock stands still (停表): two bars.
    Paused,
    /// Finished, no clock: an empty circle.
    Done,
}

impl LightState {
    /// Class of the light and its shape.
    pub fn class(&self) -> &'static str {
        match self {
            LightState::Green => "green",
            LightState::Yellow => "yellow",
            LightState::Red => "red",
            LightState::Paused => "paused",
            LightState::Done => "done",
        }
    }

    /// Message key of the colour's name, read by those who do not see it.
    pub fn key(&self) -> &'static str {
        match self {
            LightState::Green => "light-green",
            LightState::Yellow => "light-yellow",
            LightState::Red => "light-red",
            LightState::Paused => "light-paused",
            LightState::Done => "light-done",
        }
    }
}

/// Deadline light: shape, colour and words (`剩 3 天`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Light {
    /// Computed by the kernel's clock.
    pub state: LightState,
    /// Words after the shape.
    pub words: String,
}

impl Light {
    /// A light.
    pub fn new(state: LightState, words: impl Into<String>) -> Light {
        Light { state, words: words.into() }
    }
}

/// How many tasks show a light; a link that filters the list by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LightCounter {
    /// Light and words.
    pub light: Light,
    /// How many.
    pub count: u64,
    /// The filtered list.
    pub href: String,
    /// Is the list filtered by it now?
    pub current: bool,
}

/// State of a step in the step navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// Filled in.
    Done,
    /// The page one is on.
    Current,
    /// Not yet.
    Todo,
}

/// One step of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub text: String,
    /// Where it can be opened, when it can.
    pub href: Option<String>,
    /// Where it stands.
    pub state: StepState,
}

/// State of an entry in the task list (ui guide, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// 未开始.
    NotStarted,
    /// 进行中.
    InProgress,
    /// 已完成.
    Done,
    /// 暂不能填.
    CannotStart,
}

impl TaskState {
    /// Message key of its word.
    pub fn key(&self) -> &'static str {
        match self {
            TaskState::NotStarted => "task-not-started",
            TaskState::InProgress => "task-in-progress",
            TaskState::Done => "task-done",
            TaskState::CannotStart => "task-cannot-start",
        }
    }

    /// Class of its tag.
    pub fn tag_class(&self) -> &'static str {
        match self {
            TaskState::NotStarted => "blue",
            TaskState::InProgress => "amber",
            TaskState::Done => "green",
            TaskState::CannotStart => "",
        }
    }
}

/// One entry of the applicant's task list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskItem {
    /// Its name.
    pub text: String,
    /// Where to do it; absent while it cannot be started.
    pub href: Option<String>,
    /// Where it stands.
    pub state: TaskState,
}

/// One row of a summary list: a term, its value, and where to change it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SummaryRow {
    /// The question, short.
    pub term: String,
    /// The answer.
    pub value: String,
    /// Where the value itself leads (a file, a record).
    pub href: Option<String>,
    /// What a register says about it.
    pub tags: Vec<Tag>,
    /// Small grey remark after the value.
    pub note: String,
    /// `修改`, `更换` and its address.
    pub change: Option<Link>,
}

/// A titled summary list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SummaryGroup {
    /// Its heading.
    pub title: String,
    /// Grey remark after the heading.
    pub note: String,
    /// Its rows.
    pub rows: Vec<SummaryRow>,
}

/// One fact of the case page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fact {
    /// Its name.
    pub term: String,
    /// Its value.
    pub value: String,
    /// The register record behind it.
    pub href: Option<String>,
    /// Takes two columns.
    pub wide: bool,
}

/// One tab of a tab bar.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tab {
    /// Its words.
    pub text: String,
    /// How many things are under it.
    pub count: Option<u64>,
    /// Its address.
    pub href: String,
    /// Is it the one shown?
    pub current: bool,
}

/// Filters over a list: a GET form, so that a view can be bookmarked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterBar {
    /// Accessible name.
    pub label: String,
    /// Where the form goes.
    pub action: String,
    /// Selects and search inputs.
    pub fields: Vec<Field>,
    /// What narrows the list besides, kept when the form is sent; empty values are left out.
    pub kept: Vec<(&'static str, String)>,
    /// The list without filters; absent when none is set.
    pub clear_href: Option<String>,
}

/// One row of the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseRow {
    /// Value of its checkbox.
    pub id: String,
    /// The case page.
    pub href: String,
    /// Time left.
    pub light: Light,
    /// The matter.
    pub matter: String,
    /// Who asks.
    pub applicant: String,
    /// Case number.
    pub number: String,
    /// Kind of work.
    pub kind: Tag,
    /// Current step.
    pub step: String,
    /// Region.
    pub region: String,
    /// Received on, list form.
    pub received: String,
    /// The word of the last column: `办理`, `认领`, `查看`.
    pub action: String,
    /// Ticked.
    pub selected: bool,
}

/// Direction in which a column is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sorted {
    /// Soonest, smallest first.
    Ascending,
    /// The other way.
    Descending,
}

/// The inbox table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseTable {
    /// Read to those who do not see it.
    pub caption: String,
    /// Rows, already in order.
    pub rows: Vec<CaseRow>,
    /// Form that the checkboxes belong to, when rows can be selected.
    pub batch_form: Option<String>,
    /// How the deadline column is sorted.
    pub sorted: Option<Sorted>,
    /// Link that sorts the other way.
    pub sort_href: String,
    /// Keyboard shortcuts are on for this person.
    pub keys: bool,
}

/// Where one is in a long list; keyset paging has no page numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pager {
    /// `第 1–50 件，共 180 件`.
    pub words: String,
    /// Earlier rows.
    pub previous: Option<String>,
    /// Later rows.
    pub next: Option<String>,
    /// Export and the like.
    pub links: Vec<Link>,
}

/// The bar on top of a case page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadlineBar {
    /// The light of the promised clock.
    pub light: Light,
    /// `承诺 11-23 17:30 办结，还剩 6 小时 45 分`.
    pub due: String,
    /// `承诺 3 个工作日，法定 7 日`.
    pub basis: String,
    /// The page that lists each counted day.
    pub counted_href: String,
    /// Share of the promised time used, 0–100.
    pub used_percent: u8,
    /// Part of it that lies in the yellow or red zone, 0–100; at most `used_percent`.
    pub late_percent: u8,
    /// Left caption.
    pub from: String,
    /// Middle caption.
    pub used: String,
    /// Right caption.
    pub until: String,
}

impl DeadlineBar {
    /// Width of the calm part of the meter.
    pub fn calm_percent(&self) -> u8 {
        self.used_percent.min(100).saturating_sub(self.late_percent)
    }
}

/// One check point (审查要点).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckPoint {
    /// What is checked.
    pub point: String,
    /// The record, file or rule it rests on, with version.
    pub source: String,
    /// Where that can be read.
    pub source_href: Option<String>,
    /// What was found.
    pub result: Tag,
    /// `符合（自动）`, or the words of the link below.
    pub conclusion: String,
    /// Where a person concludes.
    pub conclude_href: Option<String>,
}

/// State of an entry of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimelineState {
    /// Done.
    Done,
    /// Done, but after its limit.
    Late,
    /// Where the case is.
    Now,
    /// Expected.
    Todo,
}

/// One entry of the timeline: oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineItem {
    /// Where it stands.
    pub state: TimelineState,
    /// The step.
    pub title: String,
    /// When, or when expected.
    pub when: String,
    /// Who and what.
    pub lines: Vec<String>,
    /// Documents made by the step, its journal record.
    pub links: Vec<Link>,
    /// Tag beside the first line.
    pub tag: Option<Tag>,
    /// The opinion given.
    pub quote: String,
}

/// Weight of a button.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ActionStyle {
    /// The expected next act; one a page.
    #[default]
    Main,
    /// An alternative.
    Outline,
    /// Seldom used.
    Quiet,
    /// Refusal: red outline, far right, leads to its own page.
    Danger,
}

impl ActionStyle {
    /// Class of the button.
    pub fn class(&self) -> &'static str {
        match self {
            ActionStyle::Main => "",
            ActionStyle::Outline => "outline",
            ActionStyle::Quiet => "quiet",
            ActionStyle::Danger => "danger",
        }
    }
}

/// One button of the action bar: its words say the consequence (`同意，送处长审核`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Action {
    /// Its words.
    pub text: String,
    /// Weight.
    pub style: ActionStyle,
    /// A page of its own (asks for reason and legal basis); else it submits the form.
    pub href: Option<String>,
    /// Value of `outcome` when it submits.
    pub outcome: String,
    /// Enabled now?
    pub disabled: bool,
}

/// The buttons under a case page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionBar {
    /// Id of the form that submits.
    pub form: String,
    /// Buttons from left to right.
    pub actions: Vec<Action>,
}

impl ActionBar {
    /// All but refusals.
    pub fn ordinary(&self) -> impl Iterator<Item = &Action> {
        self.actions.iter().filter(|action| action.style != ActionStyle::Danger)
    }

    /// Refusals, shown far right.
    pub fn refusals(&self) -> impl Iterator<Item = &Action> {
        self.actions.iter().filter(|action| action.style == ActionStyle::Danger)
    }
}

/// The page after an action: number, next step, due time, contact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confirmation {
    /// `申请已提交`.
    pub title: String,
    /// What the number is (`办件编号`).
    pub number_label: String,
    /// The number.
    pub number: String,
    /// What happens next, when, and who.
    pub next: Vec<String>,
    /// Receipt, progress.
    pub links: Vec<Link>,
}

/// An official document shown on a page as it is printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocView {
    /// Organ in the head.
    pub issuer: String,
    /// Red head (红头), only for the document types that have one.
    pub red_head: bool,
    /// Document number.
    pub number: String,
    /// Title.
    pub title: String,
    /// `某某公司：`.
    pub addressee: String,
    /// Body.
    pub paragraphs: Vec<String>,
    /// Signature lines: organ, date.
    pub signature: Vec<String>,
}

/// One row of the page `时限怎么算的`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CountedDay {
    /// `2026-11-23`.
    pub date: String,
    /// `星期一`.
    pub weekday: String,
    /// `第 3 个工作日`, `不计`.
    pub count: String,
    /// Why: the holiday's name, the pause.
    pub reason: String,
    /// Is the day skipped?
    pub skipped: bool,
}

/// One tile of the service grid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceTile {
    /// Icon name of `ui/icons.txt`.
    pub icon: String,
    /// The matter.
    pub text: String,
    /// `承诺3个工作日`.
    pub note: String,
    /// Its start page.
    pub href: String,
}
