//! One group of snapshots, newest first, through every rule.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::keep::{Count, Keep, Rule};
use super::order::Entry;
use super::verdict::Marks;
use super::within::Start;
use crate::Snapshot;
use crate::retention::bucket::Buckets;

/// The period of `rule`; `nr` makes every snapshot one of its own.
fn bucket(rule: Rule, buckets: &Buckets, nr: i64) -> i64 {
    match rule {
        Rule::Last => nr,
        Rule::Hourly => buckets.hour,
        Rule::Daily => buckets.day,
        Rule::Weekly => buckets.week,
        Rule::Monthly => buckets.month,
        Rule::Yearly => buckets.year,
    }
}

/// A count rule that has something left.
struct Counting {
    rule: Rule,
    left: Count,
    last: Option<i64>,
}

/// A duration rule, and the instant that it reaches back to.
struct Reaching {
    rule: Rule,
    /// `None`: to the beginning of time.
    after: Option<(i128, i32)>,
    last: Option<i64>,
}

/// What keeps each snapshot of one group, in the order given, which is newest first.
pub(super) fn evaluate(
    keep: &Keep,
    snapshots: &[Snapshot],
    newest_first: &[Entry],
    (now, zone): (Timestamp, &TimeZone),
    mut decided: impl FnMut(u32, Marks),
) {
    let latest = newest_first.iter().filter_map(|entry| entry.of(snapshots)).find(|s| s.time < now);
    let start = latest.map(|latest| Start::new(latest.time, latest.offset, zone));
    let mut counting: Vec<Counting> = Rule::ALL
        .iter()
        .map(|&rule| Counting { rule, left: keep.count(rule), last: None })
        .filter(|rule| rule.left.is_on())
        .collect();
    let mut reaching: Vec<Reaching> = Rule::ALL
        .iter()
        .filter(|&&rule| !keep.within(rule).is_zero())
        .map(|&rule| Reaching {
            rule,
            after: start.map(|start| keep.within(rule).before(start)),
            last: None,
        })
        .collect();

    let mut buckets = None::<Buckets>;
    for (nr, entry) in (0_i64..).zip(newest_first) {
        let mut marks = Marks::default();
        if entry.is_tagged() {
            marks.tagged();
        }
        if counting.is_empty() && reaching.is_empty() {
            decided(entry.index, marks);
            continue;
        }
        let is_oldest = usize::try_from(nr).is_ok_and(|nr| nr + 1 == newest_first.len());
        let of = match buckets {
            Some(newer) => newer.next(entry.second, entry.offset()),
            None => Buckets::of(entry.second, entry.offset()),
        };
        buckets = Some(of);

        let mut used_up = false;
        for rule in &mut counting {
            let bucket = bucket(rule.rule, &of, nr);
            let is_new = rule.last != Some(bucket);
            if is_new || is_oldest {
                marks.counted(rule.rule, !is_new);
                rule.last = Some(bucket);
                if let Count::Newest(left) = &mut rule.left {
                    *left -= 1;
                    used_up |= *left == 0;
                }
            }
        }
        if used_up {
            counting.retain(|rule| rule.left.is_on());
        }

        // Newest first: what one rule does not reach, it will not reach again.
        reaching.retain(|rule| rule.after.is_none_or(|after| is_after(entry, after, snapshots)));
        for rule in &mut reaching {
            let bucket = bucket(rule.rule, &of, nr);
            let is_new = rule.last != Some(bucket);
            if is_new || is_oldest {
                marks.reached(rule.rule, !is_new);
                rule.last = Some(bucket);
            }
        }
        decided(entry.index, marks);
    }
}

/// Whether a snapshot is later than an instant. Most often the second tells.
fn is_after(entry: &Entry, (second, nanosecond): (i128, i32), snapshots: &[Snapshot]) -> bool {
    let own = i128::from(entry.second);
    let is_later = |snapshot: &Snapshot| snapshot.time.subsec_nanosecond() > nanosecond;
    own > second || own == second && entry.of(snapshots).is_some_and(is_later)
}
