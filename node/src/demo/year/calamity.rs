//! What goes wrong in a year, and what changes for everyone.

use base::id::PostId;
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp, ToSpan};
use kernel::directory::{AccountKind, DirectoryCommand, Post};
use kernel::sealed::Secret;
use service::Identity;
use service::calendar::GivenNotice;

use super::super::clock::Choices;
use super::together::killed_after;
use super::{FIRST, LAST, Year, instant};

const NOTICE: &str = include_str!("../../../tests/data/year/2027.csv");
const CORRECTED: &str = include_str!("../../../tests/data/year/2027-corrected.csv");

/// The kinds of post whose holders change during the year: those who are reminded.
const CHANGING: [&str; 7] = [
    "window-clerk",
    "case-officer",
    "countersign-officer",
    "division-head",
    "deputy-director",
    "joint-officer",
    "joint-head",
];

/// Something that happens to the node or to everyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Calamity {
    /// It is stopped in order and started again.
    Restart,
    /// It is killed after so many steps of sending reminders: what the last record was answered is lost.
    Kill(u64),
    /// Two processes send reminders at the same time.
    Twice,
    /// The clock is so many hours off from now on.
    Clock(i64),
    /// It stands off until the instant, in microseconds UTC.
    Off(i64),
    /// An officer leaves and another comes.
    Replace(u64),
    /// The notice of the second half year is loaded.
    Notice,
    /// It is put right.
    Correction,
}

/// All of them, and when.
pub(super) fn all(chance: &mut Choices) -> Vec<(Timestamp, Calamity)> {
    let mut all = vec![
        (instant(date(2026, 12, 28), 12, 0), Calamity::Notice),
        (instant(date(2027, 4, 27), 12, 0), Calamity::Correction),
    ];
    let off = |from: Date, to: Date| (instant(from, 7, 0), Calamity::Off(instant(to, 7, 0).as_microsecond()));
    all.push(off(date(2026, 8, 19), date(2026, 8, 26)));
    all.push(off(date(2027, 3, 9), date(2027, 3, 12)));
    // Ahead by days and set right; behind by hours and by days; ahead over a weekend.
    let clocks = [
        (date(2026, 7, 22), 12, 72, date(2026, 7, 22), 18),
        (date(2026, 9, 15), 10, -5, date(2026, 9, 15), 20),
        (date(2026, 10, 20), 9, -50, date(2026, 10, 22), 13),
        (date(2026, 12, 10), 15, 26, date(2026, 12, 11), 13),
        (date(2027, 2, 23), 11, 120, date(2027, 2, 23), 13),
        (date(2027, 5, 18), 10, -28, date(2027, 5, 20), 10),
    ];
    for (from, hour, hours, to, until) in clocks {
        all.push((instant(from, hour, 30), Calamity::Clock(hours)));
        all.push((instant(to, until, 30), Calamity::Clock(0)));
    }
    for day in FIRST.series(1.day()).take_while(|day| *day <= LAST) {
        match chance.below(30) {
            0 => all.push((instant(day, 12, 10), Calamity::Restart)),
            1..5 => all.push((instant(day, 8, 20), Calamity::Kill(2 + chance.below(30)))),
            5..7 => all.push((instant(day, 16, 20), Calamity::Kill(2 + chance.below(20)))),
            7..10 => all.push((instant(day, 8, 25), Calamity::Twice)),
            10..16 => all.push((instant(day, 12, 20), Calamity::Replace(chance.below(u64::MAX)))),
            _ => {}
        }
    }
    all
}

impl Year {
    pub(super) async fn strike(&mut self, calamity: Calamity) -> anyhow::Result<()> {
        match calamity {
            Calamity::Restart => self.restart().await,
            Calamity::Kill(steps) => {
                self.app().run_timers().await?;
                if killed_after(steps, self.app().send_reminders()).await {
                    self.happened.kills += 1;
                    self.restart().await?;
                }
                self.jobs().await
            }
            Calamity::Twice => {
                self.app().run_timers().await?;
                let (one, two) = tokio::join!(self.app().send_reminders(), self.app().send_reminders());
                // Whoever came second recorded nothing, whatever it thinks.
                let _counted_twice = (one?, two?);
                self.happened.twice += 1;
                self.jobs().await
            }
            Calamity::Clock(hours) => {
                // The node looks every minute, also in the last one before.
                self.jobs().await?;
                self.clock.put_ahead(SignedDuration::from_hours(hours));
                self.happened.jumps += 1;
                self.jobs().await
            }
            Calamity::Off(until) => {
                self.close();
                self.clock.real.set(Timestamp::from_microsecond(until)?);
                self.happened.restarts += 1;
                self.open().await?;
                self.jobs().await
            }
            Calamity::Replace(luck) => self.replace(luck).await,
            Calamity::Notice => self.notice(NOTICE, None).await,
            Calamity::Correction => self.notice(CORRECTED, Some("put right".to_owned())).await,
        }
    }

    async fn notice(&mut self, text: &str, reason: Option<String>) -> anyhow::Result<()> {
        let word = || "simulated".to_owned();
        let given = GivenNotice {
            year: 2027,
            text: text.to_owned(),
            title: word(),
            number: word(),
            issued_on: date(2026, 12, 1),
            source: word(),
            reason,
        };
        let load = given.read().map_err(|wrong| wrong.0)?;
        self.app().load_calendar(None, load).await?;
        if self.asked.recounts {
            // Stopped in the middle, it goes on where it was.
            self.app().recount(1).await?;
            self.restart().await?;
            let run = self.app().recount(u32::MAX).await?.unwrap();
            assert_eq!((run.done, run.failed), (true, 0), "{run:?}");
            self.happened.moved += run.moved;
        }
        self.jobs().await
    }

    /// Somebody's post ends today; whoever comes has it from today on.
    async fn replace(&mut self, luck: u64) -> anyhow::Result<()> {
        let mut chance = Choices::of(format!("replace {luck}"));
        let kind = *chance.one(&CHANGING).unwrap();
        let bureau = chance.one(&self.bureaus).unwrap().clone();
        let places = self.roster.iter_mut().filter(|((_, of), holders)| {
            of == kind && holders.iter().any(|who| who.post().is_some_and(|post| post.region.as_str() == bureau))
        });
        let Some((_, holders)) = places.into_iter().next() else { return Ok(()) };
        let left = holders.remove(usize::try_from(chance.below(holders.len() as u64))?);
        let post = left.post().unwrap().clone();
        let app = self.app.as_ref().unwrap();
        app.direct(DirectoryCommand::EndPost { account: left.account(), post: post.id }).await?;
        let (account, subject, new) = (app.new_account(), app.new_subject(), app.new_post());
        let secret =
            Secret { subject, field: "name".to_owned(), salt: app.entropy().bytes16(), value: "simulated".to_owned() };
        let (kind, represents) = (AccountKind::Officer, Vec::new());
        app.direct(DirectoryCommand::OpenAccount { account, kind, subject, name: secret, represents }).await?;
        let post = Post { id: PostId::from_uuid(new.uuid()), valid_from: app.today(), valid_until: None, ..post };
        app.direct(DirectoryCommand::Assign { account, post: post.clone() }).await?;
        holders.push(Identity::Officer { account, post, name: "simulated".to_owned() });
        self.happened.replaced += 1;
        Ok(())
    }
}
