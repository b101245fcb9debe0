//! Plain Chinese for derivations, as the command line prints it. Pages use the message keys instead.

use std::fmt;

use jiff::civil::Date;

use super::{Derivation, Limit, Line, LineKind, PauseKind};

impl PauseKind {
    /// All kinds, in the order of 行政许可法 art. 45.
    pub const ALL: [Self; 8] = [
        Self::Hearing,
        Self::Tender,
        Self::Auction,
        Self::Inspection,
        Self::Testing,
        Self::Quarantine,
        Self::Appraisal,
        Self::ExpertReview,
    ];

    /// The stable name, as in `matter.toml` and in message keys.
    pub fn key(self) -> &'static str {
        match self {
            Self::Hearing => "hearing",
            Self::Tender => "tender",
            Self::Auction => "auction",
            Self::Inspection => "inspection",
            Self::Testing => "testing",
            Self::Quarantine => "quarantine",
            Self::Appraisal => "appraisal",
            Self::ExpertReview => "expert_review",
        }
    }

    /// The word of the law.
    pub fn zh(self) -> &'static str {
        match self {
            Self::Hearing => "听证",
            Self::Tender => "招标",
            Self::Auction => "拍卖",
            Self::Inspection => "检验",
            Self::Testing => "检测",
            Self::Quarantine => "检疫",
            Self::Appraisal => "鉴定",
            Self::ExpertReview => "专家评审",
        }
    }

    /// The kind of a stable name.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }
}

impl LineKind {
    /// The message key of the line; arguments are the fields of the variant and the line's `name`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Start => "deadline-line-start",
            Self::Working { .. } => "deadline-line-working",
            Self::AdjustedWorking { .. } => "deadline-line-adjusted-working",
            Self::Calendar { .. } => "deadline-line-calendar",
            Self::Minutes { .. } => "deadline-line-minutes",
            Self::Weekend => "deadline-line-weekend",
            Self::Holiday => "deadline-line-holiday",
            Self::Paused { .. } => "deadline-line-paused",
            Self::Rolled => "deadline-line-rolled",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WorkingDays(n) => write!(f, "{n} 个工作日"),
            Self::CalendarDays(n) => write!(f, "{n} 日"),
            Self::Months(n) => write!(f, "{n} 个月"),
            Self::Hours(n) => write!(f, "{n} 小时"),
            Self::BeforeCalendarDays(n) => write!(f, "事件前 {n} 日"),
            Self::BeforeWorkingDays(n) => write!(f, "事件前 {n} 个工作日"),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.on, weekday_zh(self.on))?;
        let name = self.name.as_deref();
        match self.what {
            LineKind::Start => f.write_str("起算日，不计")?,
            LineKind::Working { n } => write!(f, "第 {n} 个工作日")?,
            LineKind::AdjustedWorking { n } => {
                write!(f, "第 {n} 个工作日（{}调休上班）", name.unwrap_or_default())?;
            }
            LineKind::Calendar { n } => write!(f, "第 {n} 日")?,
            LineKind::Minutes { minutes } => match (minutes / 60, minutes % 60) {
                (hours, 0) => write!(f, "计 {hours} 小时")?,
                (hours, minutes) => write!(f, "计 {hours} 小时 {minutes} 分")?,
            },
            LineKind::Weekend => f.write_str("周末，不计")?,
            LineKind::Holiday => write!(f, "{}放假，不计", name.unwrap_or("法定节假日"))?,
            LineKind::Paused { kind } => write!(f, "{}，不计入期限", kind.zh())?,
            LineKind::Rolled => f.write_str("顺延至此日")?,
        }
        if self.official {
            Ok(())
        } else {
            f.write_str("（本年度放假安排未公布，暂按周一至周五计）")
        }
    }
}

/// One line each for the limit, every day, and the result.
impl fmt::Display for Derivation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "期限：{}", self.limit)?;
        for line in &self.lines {
            writeln!(f, "  {line}")?;
        }
        if let Some(held) = self.held {
            return writeln!(f, "自 {} 起因{}停止计算，恢复后确定到期日", held.since, held.kind.zh());
        }
        if let Some(due_at) = self.due_at {
            writeln!(f, "到期时间：{}", crate::time::civil(due_at).strftime("%Y-%m-%d %H:%M"))?;
        } else if let Some(due_on) = self.due_on {
            writeln!(f, "到期日：{due_on} {}", weekday_zh(due_on))?;
        }
        match (self.last_day_before_roll, self.due_on) {
            (Some(last_day), Some(due_on)) if last_day != due_on => {
                writeln!(f, "期满日 {last_day} 为休息日，依民法典第二百零三条顺延")?;
            }
            _ => {}
        }
        if self.provisional {
            writeln!(f, "暂定：所涉年度的放假安排尚未公布")?;
        }
        Ok(())
    }
}

fn weekday_zh(on: Date) -> &'static str {
    ["周一", "周二", "周三", "周四", "周五", "周六", "周日"]
        [usize::from(on.weekday().to_monday_zero_offset().unsigned_abs().min(6))]
}
